import asyncio

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from probe import BUSY, KEY, MODEL, POOR, QUESTION, RESULT, UNKNOWN, URL, run
from pydantic import BaseModel


class Place(BaseModel):
    city: str


def model_of(name=MODEL, key=KEY):
    return OpenAILike(
        model=name,
        api_base=f'{URL}/v1',
        api_key=key,
        is_chat_model=True,
        is_function_calling_model=True,
        additional_kwargs={'stream_options': {'include_usage': True}},
    )


ASKED = [ChatMessage(role='user', content=QUESTION)]


def usage(answer):
    counts = answer.raw.usage
    return {'input': counts.prompt_tokens, 'output': counts.completion_tokens}


def whole(model=model_of()):
    answer = model.chat(ASKED)
    return {'text': answer.message.content, **usage(answer)}


def streamed():
    pieces = list(model_of().stream_chat(ASKED))
    return {'pieces': [one.delta for one in pieces if one.delta], **usage(pieces[-1])}


def tool():
    calls = []

    def bash(command: str) -> str:
        """Runs a command."""
        calls.append(['bash', {'command': command}])
        return RESULT

    async def work():
        return str(await FunctionAgent(tools=[bash], llm=model_of()).run(QUESTION))

    return {'text': asyncio.run(work()), 'calls': calls}


def schema():
    return {'object': model_of().as_structured_llm(Place).chat(ASKED).raw.model_dump()}


def embedding():
    texts = OpenAILikeEmbedding(model_name=MODEL, api_base=f'{URL}/v1', api_key=KEY)
    return {'lengths': [len(one) for one in texts.get_text_embedding_batch(['one', 'two'])]}


def unknown():
    return whole(model_of(UNKNOWN))


def refused():
    return whole(model_of(key=POOR))


def waits():
    return whole(model_of(BUSY))


def leaves():
    stream = model_of().stream_chat(ASKED)
    for chunk in stream:
        if chunk.delta:
            break
    stream.close()
    return {}


run(locals())
