/** What a simulation says. It says that it is one, and quotes the beginning of the question. */
import type { DemoModel } from './models.ts'
import { pick, randomFrom } from '../core/random.ts'

const WHO = [
  'The night train',
  'A freight wagon',
  'The signal box',
  'The old turnout',
  'A shunting engine',
  'The timetable',
]
const DOES = ['waits for', 'passes', 'gives way to', 'follows', 'is set for', 'remembers', 'never quite reaches']
const WHAT = ['the left track', 'the express', 'platform four', 'the harbour line', 'a green signal', 'the last tram']
const HOW = ['', ' at dawn', ' without hurry', ' in the rain', ' on time', ' by one minute', ' as every Tuesday']

/** The same text for the same model and occasion. `question` may be empty. */
export function answerText(model: DemoModel, question: string, occasion: string): string {
  const random = randomFrom(`${model.id} ${occasion}`)
  const words = question.split(/\s+/).filter((word) => word !== '')
  const quote = words.slice(0, 8).join(' ').slice(0, 80)
  const asked = quote === '' ? '' : ` You wrote: "${quote}${words.length > 8 ? ' ...' : ''}".`
  const [least, most] = model.sentences
  const count = least + Math.floor(random() * (most - least + 1))
  const sentences = Array.from(
    { length: count },
    () => `${pick(random, WHO)} ${pick(random, DOES)} ${pick(random, WHAT)}${pick(random, HOW)}.`,
  )
  return `This is ${model.id}, a simulation built into Turnout: no model has read your request.${asked} ${sentences.join(' ')}`
}
