/** What a key that nobody has looks like: the mistake behind it is mostly one of a few. Pure; nothing of the key is repeated. */

interface Shape {
  readonly form: RegExp
  /** What it looks like, and what to do. */
  readonly words: string
}

const OWN = 'this gateway wants a key of its own, which its operator makes with `turnout key new`.'
const ofCloud = (name: string): string => `it looks like a key of ${name}, and ${OWN}`

/** The first that fits counts. */
const SHAPES: readonly Shape[] = [
  { form: /^sk-turnout-/, words: 'it has the form of one, so it may have been mistyped, replaced or revoked.' },
  {
    form: /^(?:\$\w+|\$?\{\{?.*\}\}?|%\w+%)$/,
    words: 'it is the name of a variable, which the client did not put in.',
  },
  { form: /^sha256:/i, words: 'it is the hash of a key; send the key itself.' },
  { form: /\s/, words: 'it contains a space; send the key alone.' },
  { form: /^["'].*["']$/, words: 'it is in quotes; send it without them.' },
  { form: /\*{3}|\.{3}|…|^<.*>$/, words: 'it is masked, as consoles show keys; send the whole of it.' },
  { form: /^sk-ant-/, words: ofCloud('Anthropic') },
  { form: /^sk-or-/, words: ofCloud('OpenRouter') },
  { form: /^gsk_/, words: ofCloud('Groq') },
  { form: /^AIza/, words: ofCloud('Google') },
  { form: /^hf_/, words: ofCloud('Hugging Face') },
  { form: /^xai-/, words: ofCloud('xAI') },
  { form: /^sk-(?:proj-|svcacct-)?[\w-]{16,}$/, words: ofCloud('OpenAI') },
]

/** The sentence of a refusal. */
export function unknownKey(token: string): string {
  const shape = SHAPES.find(({ form }) => form.test(token))
  return shape === undefined ? 'This API key is unknown.' : `This API key is unknown: ${shape.words}`
}
