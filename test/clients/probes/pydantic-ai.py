from probe import BUSY, KEY, MODEL, POOR, QUESTION, RESULT, UNKNOWN, URL, run
from pydantic import BaseModel
from pydantic_ai import Agent, Embedder
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.providers.openai import OpenAIProvider


class Place(BaseModel):
    city: str


def provider_of(key=KEY):
    return OpenAIProvider(base_url=f'{URL}/v1', api_key=key)


def agent_of(name=MODEL, key=KEY, **more):
    return Agent(OpenAIChatModel(name, provider=provider_of(key)), **more)


def usage(run):
    return {'input': run.usage.input_tokens, 'output': run.usage.output_tokens}


def whole(agent=agent_of()):
    answer = agent.run_sync(QUESTION)
    return {'text': answer.output, **usage(answer)}


async def streamed():
    async with agent_of().run_stream(QUESTION) as answer:
        pieces = [piece async for piece in answer.stream_text(delta=True, debounce_by=None)]
        return {'pieces': pieces, **usage(answer)}


def tool():
    calls = []
    agent = agent_of()

    @agent.tool_plain
    def bash(command: str) -> str:
        """Runs a command."""
        calls.append(['bash', {'command': command}])
        return RESULT

    return {'text': agent.run_sync(QUESTION).output, 'calls': calls}


def schema():
    return {'object': agent_of(output_type=Place).run_sync(QUESTION).output.model_dump()}


async def embedding():
    answer = await Embedder(OpenAIEmbeddingModel(MODEL, provider=provider_of())).embed_documents(['one', 'two'])
    return {'lengths': [len(one) for one in answer.embeddings]}


def unknown():
    return whole(agent_of(UNKNOWN))


def refused():
    return whole(agent_of(key=POOR))


def waits():
    return whole(agent_of(BUSY))


async def leaves():
    async with agent_of().run_stream(QUESTION) as answer:
        async for _ in answer.stream_text(delta=True, debounce_by=None):
            break
    return {}


run(locals())
