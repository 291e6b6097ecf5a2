"""The gallery's conversation: any message is answered with all cards."""

from __future__ import annotations

import chainlit as cl

from tests.browser.gallery import cards


@cl.on_message
async def show(message: cl.Message) -> None:
    wanted = message.content.strip()
    for card in cards():
        if wanted in ("all", card["name"], card["text"]):
            element = cl.CustomElement(name=card["name"], props=card["props"], display="inline")
            await cl.Message(content=card["text"], elements=[element]).send()


async def ignore(action: cl.Action) -> dict[str, str]:
    return {"error": "This is a gallery: nothing happens here."}


for name in ("decide", "start", "control", "answer", "questions", "secret"):
    cl.action_callback(name)(ignore)
