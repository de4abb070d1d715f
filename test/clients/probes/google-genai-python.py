from google import genai
from google.genai import types
from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, TOOL, UNKNOWN, URL, run


def client_of(key):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=URL))


client = client_of(KEY)


def usage(answer):
    counts = answer.usage_metadata
    return {'input': counts.prompt_token_count, 'output': counts.candidates_token_count}


def whole(client=client, model=MODEL):
    answer = client.models.generate_content(model=model, contents=QUESTION)
    return {'text': answer.text, **usage(answer)}


def streamed():
    pieces, tokens = [], {}
    for chunk in client.models.generate_content_stream(model=MODEL, contents=QUESTION):
        pieces += [chunk.text] if chunk.text else []
        tokens = usage(chunk) if chunk.usage_metadata else tokens
    return {'pieces': pieces, **tokens}


def tool():
    calls = []

    def bash(command: str) -> str:
        """Runs a command."""
        calls.append(['bash', {'command': command}])
        return RESULT

    answer = client.models.generate_content(
        model=MODEL, contents=QUESTION, config=types.GenerateContentConfig(tools=[bash])
    )
    return {'calls': calls, 'text': answer.text}


def schema():
    config = types.GenerateContentConfig(response_mime_type='application/json', response_json_schema=PLACE)
    return {'object': client.models.generate_content(model=MODEL, contents=QUESTION, config=config).parsed}


def embedding():
    answer = client.models.embed_content(model=MODEL, contents=['one', 'two'])
    return {'lengths': [len(one.values) for one in answer.embeddings]}


def unknown():
    return whole(model=UNKNOWN)


def refused():
    return whole(client_of(POOR))


def waits():
    return whole(model=BUSY)


def leaves():
    stream = client.models.generate_content_stream(model=MODEL, contents=QUESTION)
    for chunk in stream:
        if chunk.text:
            break
    stream.close()
    return {}


run(locals())
