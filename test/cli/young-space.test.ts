import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const MODULE = new URL('../../src/cli/young-space.js', import.meta.url).href
/** In a process of its own: the flag holds for all of it, and what has grown does not shrink. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { growYoungSpace, keepYoungSpace } from ${JSON.stringify(MODULE)}
  const kept = []
  /** 24 MB that stay. */
  const load = () => { for (let index = 0; index < 300_000; index++) kept.push({ index, text: [index, index] }) }
  const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20
  keepYoungSpace()
  load()
  const loaded = young()
  growYoungSpace()
  load()
  console.log(JSON.stringify({ loaded, grown: young() }))
`

t.test(
  'what is loaded at the start leaves the young generation small, and it grows with what comes afterwards',
  async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM])
    const { loaded, grown } = JSON.parse(stdout) as { loaded: number; grown: number }
    t.ok(loaded <= 4, `${loaded} MB after the start`)
    t.ok(grown >= 8, `${grown} MB afterwards`)
  },
)
