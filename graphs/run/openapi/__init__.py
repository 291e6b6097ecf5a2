"""Operations of an OpenAPI document as requests.

| file | what |
| --- | --- |
| `operations.py` | the document's text and an operationId to the operation |
| `parameters.py` | what is given to where it goes: parameters, body, server variables, keys; what does not fit is named |
| `styles.py` | values in paths, queries, headers and cookies (OpenAPI 3.1.1, 4.8.12) |
| `requests.py` | all of it as a request |
| `security.py` | keys in their places, and what the document asks for in words |
"""
