import t from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { rig } from '../support/rig.ts'

const TOOL = { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } }

t.test('routes by header, by need, by size and by hour, over real sockets', async (t) => {
  const hour = new Date().getUTCHours()
  const { gateway } = await rig(t, {
    upstreams: { secret: {}, tools: {}, large: {}, hours: {}, usual: {} },
    config: {
      routes: [
        { name: 'by-header', match: { header: { 'X-Data-Class': 'secret*' } }, candidates: ['secret/*'] },
        { name: 'by-need', match: { needs: ['tools'] }, candidates: ['tools/*'] },
        { name: 'by-size', match: { tokens: { min: 500, max: 5000 } }, candidates: ['large/*'] },
        // Two hours, so that the test may run over the end of one.
        {
          name: 'by-hour',
          match: { hour: { from: hour, to: (hour + 2) % 24 }, model: ['night'] },
          candidates: ['hours/*'],
        },
        { name: 'past', match: { hour: { from: (hour + 2) % 24, to: hour }, model: ['day'] }, candidates: ['hours/*'] },
        { name: 'default', candidates: ['usual/*'] },
      ],
    },
  })
  const ask = async (fields: object, headers: Record<string, string> = {}): Promise<string> => {
    const response = await fetch(`${gateway.url}${CHAT_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ ...chat({ model: 'auto' }), ...fields }),
    })
    await response.arrayBuffer()
    return `${response.headers.get('x-turnout-route')} ${response.headers.get('x-turnout-backend')}`
  }
  const sized = (characters: number): object => ({
    messages: [{ role: 'user', content: 'word '.repeat(characters / 5) }],
  })
  t.equal(await ask({}), 'default usual')
  t.equal(await ask({}, { 'x-data-class': 'secret-2' }), 'by-header secret')
  t.equal(await ask({ tools: [TOOL] }, { 'x-data-class': 'secret' }), 'by-header secret', 'the first one that holds')
  t.equal(await ask({}, { 'x-data-class': 'public' }), 'default usual')
  t.equal(await ask({ tools: [TOOL] }), 'by-need tools')
  t.equal(await ask(sized(8000)), 'by-size large')
  t.equal(await ask(sized(80_000)), 'default usual')
  t.equal(await ask({ model: 'night' }), 'by-hour hours')
  t.match(await ask({ model: 'day' }), /^null/, 'a name that is no model at this hour')
  t.equal(await ask({ model: 'usual/tiny', tools: [TOOL] }), 'default usual', 'who names a backend gets it')
  t.equal(await ask({ model: 'by-size' }), 'by-size large', 'by its name')
})
