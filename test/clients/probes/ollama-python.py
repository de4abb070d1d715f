import json

from ollama import Client
from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, UNKNOWN, URL, run


def client_of(key):
    return Client(URL, headers={'Authorization': f'Bearer {key}'})


client = client_of(KEY)
ASKED = [{'role': 'user', 'content': QUESTION}]


def usage(answer):
    return {'input': answer.prompt_eval_count, 'output': answer.eval_count}


def whole(client=client, model=MODEL):
    answer = client.chat(model, ASKED)
    return {'text': answer.message.content, **usage(answer)}


def streamed():
    pieces = list(client.chat(MODEL, ASKED, stream=True))
    return {'pieces': [one.message.content for one in pieces if one.message.content], **usage(pieces[-1])}


def tool():
    def bash(command: str) -> str:
        """Runs a command.

        Args:
          command: the command
        """
        return RESULT

    message = client.chat(MODEL, ASKED, tools=[bash]).message
    (call,) = message.tool_calls
    result = {'role': 'tool', 'tool_name': call.function.name, 'content': bash(**call.function.arguments)}
    answer = client.chat(MODEL, [*ASKED, message, result], tools=[bash])
    return {'calls': [[call.function.name, dict(call.function.arguments)]], 'text': answer.message.content}


def schema():
    return {'object': json.loads(client.chat(MODEL, ASKED, format=PLACE).message.content)}


def embedding():
    return {'lengths': [len(one) for one in client.embed(MODEL, ['one', 'two']).embeddings]}


def unknown():
    return whole(model=UNKNOWN)


def refused():
    return whole(client_of(POOR))


def waits():
    return whole(model=BUSY)


def leaves():
    stream = client.chat(MODEL, ASKED, stream=True)
    for chunk in stream:
        if chunk.message.content:
            break
    stream.close()
    return {}


run(locals())
