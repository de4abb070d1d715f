/** How well the shipped classifier tells classes apart. */
import t from 'tap'
import { classify, gatewayRequest } from '../support/factories.ts'

const classOf = (text: string): string => {
  const content = Buffer.from(text).toString('latin1')
  return classify(gatewayRequest({ model: 'auto', messages: [{ role: 'user', content }] })).class
}

/** Ordinary prompts that the classifier was not trained on. `|` where two classes are as good. */
const ORDINARY: readonly (readonly [as: string, text: string])[] = [
  ['code', 'Write a Rust function that checks whether a string is a palindrome, with unit tests.'],
  [
    'code',
    'My TypeScript build says "Property name does not exist on type never". Here is the function, what is wrong?',
  ],
  ['code', 'Give me a SQL query that returns the three best-selling articles of each month.'],
  [
    'code',
    'Refactor this loop into a list comprehension:\n\nout = []\nfor x in items:\n    if x > 3:\n        out.append(x * 2)',
  ],
  ['code', 'How do I undo the last commit in git without losing my changes?'],
  ['code', 'Implement a thread-safe LRU cache in Java.'],
  ['math', 'A train covers 180 km in 2.5 hours. What is its average speed, and how far does it get in 40 minutes?'],
  ['math', 'Solve for x: 3x^2 - 12x + 9 = 0'],
  ['math', 'What is the derivative of sin(x) * e^(2x)?'],
  ['math', 'Five friends share 84 marbles so that each has two more than the next. How many does the first one have?'],
  ['math', 'Compute the integral of x^3 from 0 to 4.'],
  ['math', 'If a jacket costs 80 euros and is reduced by 35%, what do I pay?'],
  ['translation', 'Translate into Spanish: The meeting was moved to Thursday afternoon.'],
  ['translation', 'How would you say "I am looking forward to your visit" in Japanese?'],
  ['translation', 'Übersetze den folgenden Satz ins Englische: Der Schlüssel liegt unter der Matte.'],
  [
    'translation',
    'Please translate this paragraph to French, keeping the formal tone: We regret to inform you that the order is late.',
  ],
  [
    'summary',
    'Summarize the following article in three bullet points: The council met on Monday to discuss the bridge. After two hours it agreed to close it for repairs until spring.',
  ],
  [
    'summary',
    'Give me a one-sentence summary of this text: The company announced on Tuesday that profits had doubled because of lower costs and new customers abroad.',
  ],
  [
    'summary',
    'TLDR of this email thread please: Ana asked for the figures, Ben sent them, Ana found an error, Ben corrected it.',
  ],
  ['creative', 'Write a poem about an old bicycle in the rain.'],
  ['creative', 'Tell me a bedtime story about a snail who wants to see the sea.'],
  ['creative', 'Write the opening paragraph of a detective novel set on a space station.'],
  ['creative', 'Come up with lyrics for a cheerful song about Mondays.'],
  [
    'classification',
    'Is the sentiment of this review positive, negative or neutral? "The battery died after two days."',
  ],
  [
    'classification',
    'Classify the following support ticket as billing, technical or other: I was charged twice this month.',
  ],
  ['classification', 'Label this message as spam or not spam: You have won a free cruise, click here.'],
  [
    'extraction',
    'Extract all names and dates from the following text as JSON: Mary Poole met Ivan Reyes on 3 May 2019 in Leeds.',
  ],
  [
    'extraction',
    'Pull the invoice number, the amount and the due date out of this email: Invoice 9921 over 410 EUR is due on 1 March.',
  ],
  ['extraction', 'List every phone number and email address in this text: call 555-0192 or write to desk@example.org.'],
  ['factual|knowledge', 'Who painted the ceiling of the Sistine Chapel?'],
  ['factual|knowledge', 'What is the longest river in South America?'],
  ['factual|knowledge', 'In which year did the Berlin Wall fall?'],
  ['knowledge|factual|chat', 'Explain how vaccines train the immune system.'],
  ['knowledge|factual|chat', 'What causes the tides, and why are there two a day?'],
  ['logic', 'All bloops are razzies and all razzies are lazzies. Are all bloops lazzies?'],
  ['logic', 'Anna is taller than Bea, Bea is taller than Cleo. Who is the shortest?'],
  [
    'reading',
    'Read the passage and answer the question. Passage: Tom left the house at six, because the bus came early on Fridays. Question: Why did Tom leave at six?',
  ],
  [
    'reading',
    'According to the text below, where did the sisters hide the letter? Text: The sisters hid the letter behind the clock before their uncle came home.',
  ],
  ['chat', 'Hi, how are you today?'],
  ['chat|creative', 'I feel a bit lonely since I moved to a new city. Any advice?'],
  ['chat|creative', 'Help me write a polite message to my neighbour about the loud music.'],
  ['chat|knowledge|creative', 'What should I cook tonight with potatoes, eggs and an onion?'],
]

t.test('classes of ordinary prompts', async (t) => {
  const misses = ORDINARY.map(([as, text]) => [as, classOf(text), text] as const).filter(
    ([as, found]) => !as.split('|').includes(found),
  )
  const share = 1 - misses.length / ORDINARY.length
  const list = misses.map(([as, found, text]) => `${as}, taken for ${found}: ${text.slice(0, 60)}`).join('\n')
  t.ok(share >= 0.7, `${Math.round(100 * share)} % of ${ORDINARY.length} are right; not so\n${list}`)
})
