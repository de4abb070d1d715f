/** How well the shipped classifier tells what labelled prompts ask for. `isHeldOut`: nobody builds by those, so only their figures count. */
import t from 'tap'
import { labelledPrompts } from '../support/labelled-prompts.ts'
import { groups, judge, type Judged, orderOf, shareOf } from './measure-classes.ts'

const judged = labelledPrompts().map((prompt) => judge(prompt))
const ordinary = judged.filter(({ prompt }) => prompt.language !== 'agent')

/** Languages and classes of which so few prompts tell nothing. */
const FEWEST = 15

function told(list: readonly Judged[]): string {
  const misses = list.filter(({ isRight }) => !isRight)
  const lines = misses.map(
    ({ prompt, profile }) => `${prompt.classes.join('|')}, taken for ${profile.class}: ${prompt.text.slice(0, 60)}`,
  )
  return `${Math.round(100 * shareOf(list))} % of ${list.length} are right; not so\n${lines.join('\n')}`
}

t.test(
  'most prompts that the classifier was built by are told apart, in each language and of each class',
  async (t) => {
    const seen = ordinary.filter(({ prompt }) => !prompt.isHeldOut)
    t.ok(shareOf(seen) >= 0.84, told(seen))
    for (const [name, list] of groups(seen, ({ prompt }) => prompt.language))
      if (list.length >= FEWEST) t.ok(shareOf(list) >= 0.75, `${name}: ${told(list)}`)
    for (const [name, list] of groups(seen, ({ prompt }) => prompt.classes.join('|')))
      if (list.length >= FEWEST && name !== 'logic') t.ok(shareOf(list) >= 0.65, `${name}: ${told(list)}`)
  },
)

t.test('a greeting is an easy chat in every language, and hardly asks anything of a model', async (t) => {
  const greetings = ordinary.filter(({ prompt }) => prompt.classes.includes('greeting') && !prompt.isHeldOut)
  const easy = greetings.filter(({ profile }) => profile.class === 'chat' && profile.difficulty! < 0.1)
  t.ok(easy.length / greetings.length >= 0.9, `${easy.length} of ${greetings.length}`)
})

t.test(
  'prompts that nobody built by are told apart nearly as well, and the harder of two is mostly seen',
  async (t) => {
    const held = judged.filter(({ prompt }) => prompt.isHeldOut)
    t.ok(held.length >= 500)
    t.ok(shareOf(held) >= 0.86, told(held))
    t.ok(orderOf(held) >= 0.8, `${orderOf(held)} of the pairs are in order`)
  },
)
