"""What the probes in Python share: the gateway, one tool, one schema, and the loop over the steps.

What a step returns, or the exception that ends it, goes out as one JSON line.
"""

import asyncio
import inspect
import json
import os
import time

URL = os.environ['TURNOUT_URL']
KEY = os.environ['TURNOUT_KEY']
# Its budget is used up.
POOR = os.environ['TURNOUT_POOR_KEY']
MODEL = os.environ['TURNOUT_MODEL']
# Its backend answers every other request with 429 and a time to wait.
BUSY = 'busy'
UNKNOWN = 'no-such-model'

QUESTION = 'Write proof-clients.txt'
RESULT = 'seen-clients'


def strings(*names):
    return {
        'type': 'object',
        'properties': {name: {'type': 'string'} for name in names},
        'required': [*names],
        'additionalProperties': False,
    }


TOOL = {'name': 'bash', 'description': 'Runs a command.', 'parameters': strings('command')}
PLACE = strings('city')


def run(steps):
    for name in os.environ['TURNOUT_STEPS'].split(','):
        if name not in steps:
            continue
        try:
            saw = steps[name]()
            line = {'saw': asyncio.run(saw) if inspect.isawaitable(saw) else saw}
        except Exception as error:
            line = {'error': f'{type(error).__name__}: {error}'}
        if name == 'leaves':
            # The end of this process must not be what ends the request.
            time.sleep(6)
        print(json.dumps({'step': name, **line}), flush=True)
