from langchain.agents import create_agent
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from probe import BUSY, KEY, MODEL, PLACE, POOR, QUESTION, RESULT, UNKNOWN, URL, run


def model_of(name=MODEL, key=KEY):
    return ChatOpenAI(base_url=f'{URL}/v1', api_key=key, model=name, stream_usage=True)


def usage(message):
    return {'input': message.usage_metadata['input_tokens'], 'output': message.usage_metadata['output_tokens']}


def whole(model=model_of()):
    answer = model.invoke(QUESTION)
    return {'text': answer.content, **usage(answer)}


def streamed():
    chunks = list(model_of().stream(QUESTION))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    return {'pieces': [one.content for one in chunks if one.content], **usage(total)}


def tool():
    calls = []

    def bash(command: str) -> str:
        """Runs a command."""
        calls.append(['bash', {'command': command}])
        return RESULT

    agent = create_agent(model_of(), tools=[bash])
    answer = agent.invoke({'messages': [{'role': 'user', 'content': QUESTION}]})
    return {'calls': calls, 'text': answer['messages'][-1].content}


def schema():
    place = {'title': 'place', 'description': 'A place.', **PLACE}
    return {'object': model_of().with_structured_output(place).invoke(QUESTION)}


def embedding():
    texts = OpenAIEmbeddings(base_url=f'{URL}/v1', api_key=KEY, model=MODEL, check_embedding_ctx_length=False)
    return {'lengths': [len(one) for one in texts.embed_documents(['one', 'two'])]}


def unknown():
    return whole(model_of(UNKNOWN))


def refused():
    return whole(model_of(key=POOR))


def waits():
    return whole(model_of(BUSY))


def leaves():
    stream = model_of().stream(QUESTION)
    for chunk in stream:
        if chunk.content:
            break
    stream.close()
    return {}


run(locals())
