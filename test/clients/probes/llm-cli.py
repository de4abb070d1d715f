import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, UNKNOWN, URL, run

LLM = Path(sys.executable).parent / 'llm'
HOME = Path(os.environ['LLM_USER_PATH'])
NAMES = {'known': MODEL, 'unknown': UNKNOWN, 'busy': BUSY}

# JSON is YAML.
(HOME / 'extra-openai-models.yaml').write_text(
    json.dumps(
        [
            {
                'model_id': name,
                'model_name': model,
                'api_base': f'{URL}/v1',
                'api_key_name': 'turnout',
                'supports_tools': True,
                'supports_schema': True,
            }
            for name, model in NAMES.items()
        ]
    )
)


def ask(*more, model='known', key=KEY):
    command = [LLM, '-m', model, '--key', key, '-u', QUESTION, *more]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    counts = re.search(r'([\d,]+) input, ([\d,]+) output', done.stderr)
    tokens = [int(count.replace(',', '')) for count in counts.groups()] if counts else [0, 0]
    return {'text': done.stdout.strip(), 'input': tokens[0], 'output': tokens[1]}


def whole():
    return ask('--no-stream')


def streamed():
    command = [LLM, '-m', 'known', '--key', KEY, '-u', QUESTION]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        pieces = []
        while piece := os.read(child.stdout.fileno(), 65536):
            pieces.append(piece.decode())
    return {'pieces': pieces, 'input': ask()['input'], 'output': ask()['output']}


def tool():
    calls = HOME / 'calls'
    source = f'def bash(command: str) -> str:\n  open({str(calls)!r}, "w").write(command)\n  return {RESULT!r}\n'
    answer = ask('--functions', source)
    return {'calls': [['bash', {'command': calls.read_text()}]], 'text': answer['text']}


def schema():
    return {'object': json.loads(ask('--schema', json.dumps(PLACE))['text'])}


def unknown():
    return ask(model='unknown')


def refused():
    return ask(key=POOR)


def waits():
    return ask(model='busy')


def leaves():
    command = [LLM, '-m', 'known', '--key', KEY, QUESTION]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        child.stdout.read(1)
        child.send_signal(signal.SIGINT)
    return {}


run(locals())
