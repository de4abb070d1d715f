import json

from anthropic import Anthropic
from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, TOOL, UNKNOWN, URL, run

client = Anthropic(base_url=URL, api_key=KEY)
ASKED = [{'role': 'user', 'content': QUESTION}]
TOOLS = [{'name': TOOL['name'], 'description': TOOL['description'], 'input_schema': TOOL['parameters']}]


def usage(answer):
    return {'input': answer.usage.input_tokens, 'output': answer.usage.output_tokens}


def text(answer):
    return ''.join(block.text for block in answer.content if block.type == 'text')


def whole(client=client, model=MODEL):
    answer = client.messages.create(model=model, messages=ASKED, max_tokens=500)
    return {'text': text(answer), **usage(answer)}


def streamed():
    with client.messages.stream(model=MODEL, messages=ASKED, max_tokens=500) as stream:
        pieces = list(stream.text_stream)
        return {'pieces': pieces, **usage(stream.get_final_message())}


def tool():
    asked = client.messages.create(model=MODEL, messages=ASKED, max_tokens=500, tools=TOOLS)
    (call,) = [block for block in asked.content if block.type == 'tool_use']
    result = {'type': 'tool_result', 'tool_use_id': call.id, 'content': RESULT}
    talk = [*ASKED, {'role': 'assistant', 'content': asked.content}, {'role': 'user', 'content': [result]}]
    answer = client.messages.create(model=MODEL, messages=talk, max_tokens=500, tools=TOOLS)
    return {'calls': [[call.name, call.input]], 'text': text(answer)}


def schema():
    form = {'format': {'type': 'json_schema', 'schema': PLACE}}
    return {'object': json.loads(text(client.messages.create(
        model=MODEL, messages=ASKED, max_tokens=500, output_config=form
    )))}


def unknown():
    return whole(model=UNKNOWN)


def refused():
    return whole(Anthropic(base_url=URL, api_key=POOR))


def waits():
    return whole(model=BUSY)


def leaves():
    with client.messages.stream(model=MODEL, messages=ASKED, max_tokens=500) as stream:
        for _ in stream.text_stream:
            return {}


run(locals())
