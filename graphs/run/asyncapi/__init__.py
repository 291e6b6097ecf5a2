"""AsyncAPI documents (2.x and 3.0) and the brokers their servers are.

| file | what |
| --- | --- |
| `document.py` | a document read: its operations, servers, messages, references |
| `servers.py` | which server, and where it is |
| `messages.py` | what a message must look like, and how it is written and read |
| `broker.py` | the port every protocol fills, and which of them is installed |
| `over_http.py` · `over_mqtt.py` · `over_ws.py` · `over_nats.py` | HTTP · MQTT 3.1.1 and 5 · WebSocket · NATS (extra) |

Protocol libraries are imported by the first call that needs them.
"""
