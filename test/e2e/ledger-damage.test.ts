import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { finished } from '../ledger/finished.ts'
import { linesSegment } from '../ledger/lines.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { rawPost } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'

t.test(
  'a gateway that starts on a damaged ledger says how much it could not read, in its log and its metrics',
  async (t) => {
    const folder = join(t.testdir({}), 'ledger')
    const config = { store: { ledger: folder }, budgets: [{ name: 'all', of: 'gateway', per: 'month', requests: 100 }] }
    const first = await rig(t, { upstreams: { up: {} }, config })
    for (let i = 0; i < 3; i++) await (await rawPost(first.gateway.url, CHAT_PATH, chat())).complete
    await first.gateway.close()
    const segments = (await readdir(folder)).filter((name) => name.endsWith('.ledger'))
    t.equal(segments.length, 1)
    await appendFile(join(folder, segments[0]!), 'the beginning of a block')
    const earlier = await linesSegment(
      folder,
      ['one', 'two', 'three'].map((id) => finished({ id })),
    )
    const lines = (await readFile(earlier, 'utf8')).split('\n')
    await writeFile(earlier, lines.with(2, lines[2]!.slice(0, 50)).join('\n'))
    const second = await rig(t, { upstreams: { up: {} }, config })
    const said = second.gateway
      .logged()
      .split('\n')
      .filter((line) => line.includes('"event":"ledger_'))
    t.match(
      said.map((line) => JSON.parse(line) as object),
      [
        { level: 40, event: 'ledger_damaged', lines: 2, files: 1, first: /\.jsonl:3$/ },
        { level: 30, event: 'ledger_torn', lines: 1 },
      ],
    )
    t.equal(await second.gateway.metric('turnout_ledger_damaged_lines'), 2)
    await second.gateway.close()
    const third = await rig(t, { upstreams: { up: {} }, config: { ...config, store: { ledger: join(folder, 'new') } } })
    t.notMatch(third.gateway.logged(), /ledger_damaged|ledger_torn/)
    t.equal(await third.gateway.metric('turnout_ledger_damaged_lines'), 0)
  },
)
