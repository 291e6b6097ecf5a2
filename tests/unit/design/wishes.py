"""Wishes and what they have to become. A row marked `again` says the same as an earlier one in other words."""

from __future__ import annotations

from typing import NamedTuple


class Wish(NamedTuple):
    """What somebody says, and the schedule, the tasks in order, and the questions (ids) that it must lead to."""

    said: str
    schedule: str  # JSON; "" by hand
    tasks: str
    questions: str = ""
    again: bool = False


WISHES = (
    Wish(
        "Every weekday at 9 fetch http://127.0.0.1:8123/orders, keep the ones above 100 euro, ask me to approve, then post them to http://127.0.0.1:8123/report",
        '{"cron": "0 9 * * 1-5"}',
        "get set approve switch post",
        "amount-field",
    ),
    Wish(
        "On working days at nine o'clock, get the orders from http://127.0.0.1:8123/orders, take only those over 100 €, let me confirm and send them to http://127.0.0.1:8123/report",  # noqa: E501
        '{"cron": "0 9 * * 1-5"}',
        "get set approve switch post",
        "amount-field",
        again=True,
    ),
    Wish(
        "At 9 on weekdays please load http://127.0.0.1:8123/orders. Only the ones that cost more than 100 euros. After my approval, submit them to http://127.0.0.1:8123/report.",  # noqa: E501
        '{"cron": "0 9 * * 1-5"}',
        "get set approve switch post",
        "amount-field",
        again=True,
    ),
    Wish(
        "Build me a workflow that fetches http://shop.example.com/orders every weekday at 9am, filters the orders with total above 100 and posts the result to http://shop.example.com/report",  # noqa: E501
        '{"cron": "0 9 * * 1-5"}',
        "get set post",
        again=True,
    ),
    Wish(
        "Every day at 9:30 download the invoices from https://erp.example.com/invoices and email them to bob@example.com",
        '{"cron": "30 9 * * *"}',
        "get notify",
    ),
    Wish(
        "Daily at half past nine, load https://erp.example.com/invoices and mail the list to bob@example.com",
        '{"cron": "30 9 * * *"}',
        "get notify",
        again=True,
    ),
    Wish(
        "Every Monday at 8 get https://a.example.com/tickets, keep the open ones and tell me in the chat",
        '{"cron": "0 8 * * 1"}',
        "get set notify",
        "state-field",
    ),
    Wish(
        "Each Monday at 8 o'clock read https://a.example.com/tickets, only keep tickets where status is open, and notify me by chat",
        '{"cron": "0 8 * * 1"}',
        "get set notify",
        again=True,
    ),
    Wish(
        "Every hour fetch https://a.example.com/health and if the status is down, notify ops@example.com",
        '{"every": {"hours": 1}}',
        "get notify",
    ),
    Wish(
        "Hourly, check https://a.example.com/health; send an email to ops@example.com if the status is down",
        '{"every": {"hours": 1}}',
        "get notify",
        again=True,
    ),
    Wish(
        "Every 15 minutes check https://a.example.com/queue. If there are more than 10 items, alert Bob.",
        '{"every": {"minutes": 15}}',
        "get notify",
        "channel",
    ),
    Wish(
        "Each 15 minutes retrieve https://a.example.com/queue and tell Bob if there are more than 10 items",
        '{"every": {"minutes": 15}}',
        "get notify",
        "channel",
        again=True,
    ),
    Wish(
        "When an order is posted to /orders, if the total is over 1000, ask Bob to approve, otherwise notify me by chat. Then post it to https://x.example.com/in.",
        '{"on": {"one": {"with": {"type": "order.posted"}}}}',
        "set do switch do approve switch notify post",
    ),
    Wish(
        "When an event of type order.created from https://shop.example.com arrives, post it to https://kitchen.example.com/tickets",
        '{"on": {"one": {"with": {"type": "order.created", "source": "https://shop.example.com"}}}}',
        "set post",
    ),
    Wish(
        "As soon as an event order.created is received, send the order to https://kitchen.example.com/tickets and retry up to 5 times if it fails",  # noqa: E501
        '{"on": {"one": {"with": {"type": "order.created"}}}}',
        "set try post",
        again=True,
    ),
    Wish(
        "Whenever a new order comes in, put it to https://kitchen.example.com/tickets/{id}",
        '{"on": {"one": {"with": {"type": "order.received"}}}}',
        "set put",
        again=True,
    ),
    Wish("For each order from https://a.example.com/orders post it to https://b.example.com/in", "", "get for post"),
    Wish(
        "Fetch https://a.example.com/orders. For each order, post it to https://b.example.com/in and wait 2 seconds.",
        "",
        "get for post wait",
        again=True,
    ),
    Wish("Get https://a.example.com/orders and post every order to https://b.example.com/in", "", "get for post", again=True),
    Wish(
        "Fetch https://a.example.com/stock and https://a.example.com/prices in parallel, then post them to https://a.example.com/sync",
        "",
        "fork get get post",
    ),
    Wish(
        "Get https://a.example.com/stock and get https://a.example.com/prices at the same time. Then post the answers to https://a.example.com/sync.",
        "",
        "fork get get post",
        again=True,
    ),
    Wish(
        "At the same time fetch https://a.example.com/stock and fetch https://a.example.com/prices, then summarize them and notify me",
        "",
        "fork get get summarize notify",
        again=True,
    ),
    Wish(
        "Fetch https://news.example.com/today, summarize it in 2 sentences and email the summary to team@example.com",
        "",
        "get summarize notify",
    ),
    Wish(
        "Every morning load https://news.example.com/today, write a short summary of it and send it to me by email",
        '{"cron": "0 9 * * *"}',
        "get summarize notify",
        "time email-address",
        again=True,
    ),
    Wish("Wait 5 minutes, then delete https://a.example.com/cache", "", "wait delete"),
    Wish("Five minutes later, send a DELETE request to https://a.example.com/cache", "", "wait delete", again=True),
    Wish(
        "Fetch https://a.example.com/orders, if there are none, stop, otherwise post them to https://b.example.com/in",
        "",
        "get switch post",
    ),
    Wish("Load https://a.example.com/orders and post them to https://b.example.com/in unless there are none", "", "get post", again=True),
    Wish(
        "Fetch https://a.example.com/orders with the secret SHOP_TOKEN, and retry 3 times waiting 10 seconds between tries", "", "try get"
    ),
    Wish("Ask Bob for the delivery date, then post it to https://b.example.com/dates", "", "ask post"),
    Wish(
        "Fetch https://a.example.com/orders, drop the ones below 10 dollars, and post the rest to https://b.example.com/in",
        "",
        "get set post",
        "amount-field",
    ),
    Wish(
        "Get all orders from https://a.example.com/orders, ignore those where status is cancelled, ask my boss for approval and then PUT them to https://b.example.com/in",  # noqa: E501
        "",
        "get set approve switch put",
        "person",
        again=True,
    ),
    Wish(
        'Fetch the weather from https://w.example.com/berlin. If the temperature is below 0, tell me "It freezes" by chat.',
        "",
        "get notify",
    ),
    Wish("Every weekday at 17:00 fetch https://a.example.com/todo and remind me", '{"cron": "0 17 * * 1-5"}', "get notify", again=True),
    Wish('Post "hello" to https://a.example.com/greet', "", "post"),
    Wish('Every Saturday at 10, send an email to bob@example.com saying "The shop opens"', '{"cron": "0 10 * * 6"}', "notify"),
    Wish('Send an email to bob@example.com saying "The shop opens" every Saturday at 10', '{"cron": "0 10 * * 6"}', "notify", again=True),
    Wish("Notify #ops on Slack that the build is ready", "", "notify", "slack-address"),
    Wish("Call the webhook https://hooks.example.com/x", "", "notify", again=True),
    Wish(
        "Fetch https://a.example.com/orders, keep the first 5 by amount, and notify me by webhook", "", "get set notify", "webhook-address"
    ),
    Wish(
        "Fetch the open invoices, keep those above 500 euro and tell Anna",
        "",
        "get set notify",
        "invoices-address amount-field channel",
        again=True,
    ),
    Wish(
        "Every day fetch https://a.example.com/orders and post them to https://b.example.com/in",
        '{"cron": "0 9 * * *"}',
        "get post",
        "time",
    ),
    Wish(
        "When I start it, fetch https://a.example.com/orders; if it fails, notify me; then post them to https://b.example.com/in",
        "",
        "try get notify post",
    ),
    Wish(
        "Poll https://a.example.com/health every 5 minutes and email ops@example.com if it fails",
        '{"every": {"minutes": 5}}',
        "try get notify",
        again=True,
    ),
    Wish(
        "Fetch https://a.example.com/orders, ask me for approval before posting them to https://b.example.com/in",
        "",
        "get approve switch post",
        again=True,
    ),
    Wish("Emit an event of type report.done", "", "emit"),
    Wish("Wait for an event order.paid, then post it to https://b.example.com/paid", "", "listen post"),
    Wish(
        "Fetch https://a.example.com/orders, ask me to approve, if approved post them to https://b.example.com/in, otherwise notify bob@example.com",  # noqa: E501
        "",
        "get approve switch post notify",
    ),
    Wish(
        "Fetch https://a.example.com/orders and let me decide; if I approve, post them to https://b.example.com/in, else tell bob@example.com",  # noqa: E501
        "",
        "get approve switch post notify",
        again=True,
    ),
    Wish(
        "Fetch https://a.example.com/orders and, for each order, ask me to approve and then post it to https://b.example.com/in",
        "",
        "get for approve do post",
        again=True,
    ),
    Wish(
        "On the first of every month at 6 fetch https://a.example.com/bills, keep the unpaid ones and email them to me",
        '{"cron": "0 6 1 * *"}',
        "get set notify",
        "state-field email-address",
        again=True,
    ),
    Wish(
        "I want to get https://a.example.com/orders at 7:15 every Tuesday and Thursday and then post them to https://b.example.com/in",
        '{"cron": "15 7 * * 2,4"}',
        "get post",
        again=True,
    ),
    Wish(
        "Every 2 hours, download https://a.example.com/prices and upload it to https://b.example.com/prices",
        '{"every": {"hours": 2}}',
        "get post",
        again=True,
    ),
    Wish("Let Bob approve, then delete the old entries at https://a.example.com/old", "", "approve switch delete", again=True),
    Wish(
        'Fetch https://a.example.com/orders, keep the ones where customer is "ACME" and amount is at least 50, then post them to https://b.example.com/in',
        "",
        "get set post",
    ),
    Wish(
        "Fetch https://a.example.com/x and notify the chat, every day at 7:30 Rome time", '{"cron": "30 7 * * *"}', "get notify", again=True
    ),
    Wish("From Monday to Wednesday at 9 fetch https://a.example.com/x and notify me", '{"cron": "0 9 * * 1-3"}', "get notify"),
    Wish("Get https://a.example.com/a and https://a.example.com/b in parallel", "", "fork get get", again=True),
    Wish(
        "Every 5 minutes fetch https://a.example.com/x and notify me by email if it fails",
        '{"every": {"minutes": 5}}',
        "try get notify",
        "email-address",
        again=True,
    ),
    Wish(
        "Fetch https://a.example.com/invoice. If total is above 100 notify boss@example.com by email, otherwise notify the chat",
        "",
        "get switch notify notify",
    ),
    Wish("Summarize https://a.example.com/article and post it to https://b.example.com/in", "", "get summarize post", again=True),
    Wish("Post the orders from https://a.example.com/orders to https://b.example.com/in", "", "get post", again=True),
    Wish(
        "Fetch https://a.example.com/orders, keep the newest 10 and post them to https://b.example.com/in", "", "get set post", "date-field"
    ),
    Wish(
        "fetch https://a.example.com/orders and post the 5 most expensive ones to https://b.example.com/in",
        "",
        "get set post",
        "amount-field",
    ),
    Wish("Fetch https://a.example.com/orders and tell me how many there were", "", "get set notify"),
    Wish(
        "Fetch https://a.example.com/orders, then post the number of orders to https://b.example.com/count", "", "get set post", again=True
    ),
    Wish("Fetch https://a.example.com/orders, post them to https://b.example.com/in, but only if Bob approves", "", "get approve post"),
    Wish("Ask me for a customer number, then fetch https://crm.example.com/customers/NUMBER", "", "ask get"),
    Wish("Delete all customers at https://crm.example.com/customers", "", "delete"),
    Wish(
        "Fetch https://a.example.com/orders and https://a.example.com/customers and post both to https://b.example.com/in",
        "",
        "get get post",
    ),
    Wish(
        "get https://a.example.com/orders. only keep those with status open and amount over 20. then post to https://b.example.com/in",
        "",
        "get set post",
        again=True,
    ),
    Wish(
        "Every weekday at 9 fetch https://a.example.com/orders, keep the ones where total is above 100 euro, no wait, make it 50, then post them to https://b.example.com/in",  # noqa: E501
        '{"cron": "0 9 * * 1-5"}',
        "get set post",
        again=True,
    ),
    Wish(
        "Fetch https://a.example.com/orders, ask me to approve, then post them to https://b.example.com/in. If I say no, tell bob@example.com.",  # noqa: E501
        "",
        "get approve switch notify post",
    ),
    Wish("Post the first order from https://a.example.com/orders to https://b.example.com/in", "", "get set post", again=True),
    Wish(
        "Fetch https://a.example.com/orders, drop cancelled ones, drop the ones below 10, and post what is left to https://b.example.com/in",
        "",
        "get set set post",
        "state-field amount-field",
    ),
    Wish(
        "Fetch https://a.example.com/orders, keep those above 100 or below 10. Notify me with the number of them.",
        "",
        "get set set notify",
        "amount-field",
        again=True,
    ),
    Wish("Fetch https://a.example.com/x. Retry 3 times. If it still fails, email ops@example.com.", "", "try get notify"),
    Wish("Load https://a.example.com/x, try it again 3 times. If it still fails, mail ops@example.com.", "", "try get notify", again=True),
    Wish("Fetch https://a.example.com/invoices and remind the customers by email", "", "get notify", "email-address"),
    Wish("Fetch https://a.example.com/orders, keep orders with more than 3 items and notify me", "", "get set notify", "item-field"),
)
