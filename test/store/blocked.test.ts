import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { blocked } from '../../src/store/blocked.ts'

t.test('a folder that is there, or can be made, is not blocked, and is not made either', async (t) => {
  const root = t.testdir({ data: {} })
  t.equal(await blocked(join(root, 'data')), null)
  t.equal(await blocked(join(root, 'not/yet/there')), null)
  t.equal(execFileSync('ls', [root], { encoding: 'utf8' }), 'data\n')
})

t.test('a file on the way is named', async (t) => {
  const root = t.testdir({ data: 'a file' })
  for (const path of ['data', 'data/ledger', 'data/deep/ledger'])
    t.strictSame(await blocked(join(root, path)), { code: 'ENOTDIR', at: join(root, 'data') }, path)
})
