import instructor
from probe import BUSY, KEY, MODEL, POOR, QUESTION, UNKNOWN, URL, run
from pydantic import BaseModel


class Place(BaseModel):
    city: str


ASKED = [{'role': 'user', 'content': QUESTION}]


def client_of(name=MODEL, key=KEY, **more):
    return instructor.from_provider(f'openai/{name}', base_url=f'{URL}/v1', api_key=key, **more)


def schema(client=client_of()):
    place, answer = client.create_with_completion(response_model=Place, messages=ASKED)
    counts = answer.usage
    return {'object': place.model_dump(), 'input': counts.prompt_tokens, 'output': counts.completion_tokens}


async def streamed():
    answers = client_of(async_client=True).create_partial(response_model=Place, messages=ASKED)
    return {'pieces': [one.model_dump_json() async for one in answers]}


def unknown():
    return schema(client_of(UNKNOWN))


def refused():
    return schema(client_of(key=POOR))


def waits():
    return schema(client_of(BUSY))


async def leaves():
    answers = client_of(async_client=True).create_partial(response_model=Place, messages=ASKED)
    async for _ in answers:
        break
    await answers.aclose()
    return {}


run(locals())
