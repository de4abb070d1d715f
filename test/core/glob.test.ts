import t from 'tap'
import { glob } from '../../src/core/glob.ts'

const CASES: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['a/b', ['a/b'], ['a/bc', 'xa/b', 'a/B', '']],
  ['*', ['', 'a', 'a/b/c', 'a\nb'], []],
  ['gpu-a/*', ['gpu-a/', 'gpu-a/qwen', 'gpu-a/org/qwen'], ['gpu-ab/qwen', 'xgpu-a/q', 'gpu-a']],
  ['gpt-*', ['gpt-', 'gpt-5-mini'], ['gpt', 'xgpt-5']],
  ['*coder*', ['coder', 'qwen-coder-7b', 'x/coder'], ['code', 'CODER']],
  ['a*b*c', ['abc', 'a1b2c', 'abbcbc'], ['acb', 'ab', 'abcd']],
  ['q.w', ['q.w'], ['qxw']],
  ['a+(b)[c]{d}^$|\\?', ['a+(b)[c]{d}^$|\\?'], ['aab']],
  ['a-b', ['a-b'], ['a', 'b']],
  ['**', ['', 'x'], []],
  ['', [''], ['x']],
]

for (const [pattern, yes, no] of CASES)
  t.test(`pattern ${pattern}`, async (t) => {
    for (const name of yes) t.ok(glob(pattern)(name), `${JSON.stringify(name)} matches`)
    for (const name of no) t.notOk(glob(pattern)(name), `${JSON.stringify(name)} does not`)
  })
