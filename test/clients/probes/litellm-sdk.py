import json

from litellm import completion, embedding as embed
from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, TOOL, UNKNOWN, URL, run

ASKED = [{'role': 'user', 'content': QUESTION}]
TOOLS = [{'type': 'function', 'function': TOOL}]


def ask(model=MODEL, key=KEY, messages=ASKED, **more):
    return completion(model=f'openai/{model}', api_base=f'{URL}/v1', api_key=key, messages=messages, **more)


def usage(answer):
    return {'input': answer.usage.prompt_tokens, 'output': answer.usage.completion_tokens}


def whole(**more):
    answer = ask(**more)
    return {'text': answer.choices[0].message.content, **usage(answer)}


def streamed():
    pieces, tokens = [], {}
    for chunk in ask(stream=True, stream_options={'include_usage': True}):
        pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        tokens = usage(chunk) if getattr(chunk, 'usage', None) else tokens
    return {'pieces': pieces, **tokens}


def tool():
    message = ask(tools=TOOLS).choices[0].message
    (call,) = message.tool_calls
    result = {'role': 'tool', 'tool_call_id': call.id, 'content': RESULT}
    answer = ask(messages=[*ASKED, message, result], tools=TOOLS)
    arguments = json.loads(call.function.arguments)
    return {'calls': [[call.function.name, arguments]], 'text': answer.choices[0].message.content}


def schema():
    form = {'type': 'json_schema', 'json_schema': {'name': 'place', 'schema': PLACE, 'strict': True}}
    return {'object': json.loads(ask(response_format=form).choices[0].message.content)}


def embedding():
    answer = embed(model=f'openai/{MODEL}', api_base=f'{URL}/v1', api_key=KEY, input=['one', 'two'])
    return {'lengths': [len(one['embedding']) for one in answer.data]}


def unknown():
    return whole(model=UNKNOWN)


def refused():
    return whole(key=POOR)


def waits():
    return whole(model=BUSY)


def leaves():
    stream = ask(stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.completion_stream.close()
    return {}


run(locals())
