import json

from openai import OpenAI
from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, TOOL, UNKNOWN, URL, run

client = OpenAI(base_url=f'{URL}/v1', api_key=KEY)
ASKED = [{'role': 'user', 'content': QUESTION}]
TOOLS = [{'type': 'function', 'function': TOOL}]


def usage(answer):
    return {'input': answer.usage.prompt_tokens, 'output': answer.usage.completion_tokens}


def whole(client=client, model=MODEL):
    answer = client.chat.completions.create(model=model, messages=ASKED)
    return {'text': answer.choices[0].message.content, **usage(answer)}


def streamed():
    pieces, tokens = [], {}
    options = {'include_usage': True}
    for chunk in client.chat.completions.create(model=MODEL, messages=ASKED, stream=True, stream_options=options):
        pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        tokens = usage(chunk) if chunk.usage else tokens
    return {'pieces': pieces, **tokens}


def tool():
    asked = client.chat.completions.create(model=MODEL, messages=ASKED, tools=TOOLS)
    message = asked.choices[0].message
    (call,) = message.tool_calls
    result = {'role': 'tool', 'tool_call_id': call.id, 'content': RESULT}
    answer = client.chat.completions.create(model=MODEL, messages=[*ASKED, message, result], tools=TOOLS)
    arguments = json.loads(call.function.arguments)
    return {'calls': [[call.function.name, arguments]], 'text': answer.choices[0].message.content}


def schema():
    form = {'type': 'json_schema', 'json_schema': {'name': 'place', 'schema': PLACE, 'strict': True}}
    answer = client.chat.completions.create(model=MODEL, messages=ASKED, response_format=form)
    return {'object': json.loads(answer.choices[0].message.content)}


def embedding():
    answer = client.embeddings.create(model=MODEL, input=['one', 'two'])
    return {'lengths': [len(one.embedding) for one in answer.data]}


def unknown():
    return whole(model=UNKNOWN)


def refused():
    return whole(OpenAI(base_url=f'{URL}/v1', api_key=POOR))


def waits():
    return whole(model=BUSY)


def leaves():
    with client.chat.completions.create(model=MODEL, messages=ASKED, stream=True) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                return {}


run(locals())
