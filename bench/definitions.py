"""Definitions to measure with: any number of tasks of the usual kinds, in the style people write."""

from __future__ import annotations

HEAD = """document:
  dsl: 1.0.3
  namespace: bench
  name: many-tasks
  version: 0.1.0
use:
  secrets: [token]
do:
"""
# one in ten tasks has an expression that is no plain path; N is the number of the group, SALT makes expressions new
GROUP = """  - fetchN:
      call: http
      with:
        method: get
        endpoint: https://shop.example.com/orders/{id}
        headers: {authorization: "${ $secrets.token }"}
      timeout: {after: PT30S}
  - keepN:
      set:
        orders: ${ .orders }
        customer: ${ .customer.name }
  - pauseN:
      wait: {seconds: 2}
  - sumN:
      set: {total: "${ [.orders[]?.amount] | add + SALT }"}
  - chooseN:
      switch:
        - paid: {when: .total, then: sendN}
        - other: {then: continue}
  - restN:
      wait: PT5M
  - sendN:
      emit:
        event:
          with: {source: https://shop.example.com, type: com.example.paid, data: "${ .total }"}
  - guardN:
      try:
        - riskN:
            call: http
            with: {method: put, endpoint: https://shop.example.com/stock, body: "${ . }"}
      catch:
        errors: {with: {status: 503}}
        retry: {delay: PT1S, limit: {attempt: {count: 3}}}
  - endN:
      set: {done: true}
"""
TASKS_OF_GROUP = 10


def many_tasks(count: int, salt: int) -> str:
    """Return a definition of *count* tasks; a tenth as many expressions need jq, and none of them was there with another *salt*."""
    groups = count // TASKS_OF_GROUP
    return HEAD + "".join(GROUP.replace("N", str(number)).replace("SALT", f"{salt}{number:04}") for number in range(groups))
