import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { eventually } from '../support/await.ts'
import { NODES, run, smallCheckout, strips, writeSources } from './checkout.ts'

const TURNOUT = 'bin/turnout.js'
const BUILD = 'scripts/build.js'

for (const node of NODES) {
  const alone = strips(node)
  t.test(alone ? 'with a Node that takes types away' : 'with a Node that needs a compiler', async (t) => {
    const start = async (folder: string): Promise<string> =>
      (await run([node, TURNOUT, 'hello'], folder, t.testdirName)).out
    const build = (folder: string) => run([node, BUILD], folder, t.testdirName)
    const checkout = (name: string, modules: Parameters<typeof smallCheckout>[1]): string =>
      smallCheckout(join(root, name), modules)
    const root = t.testdir({ fresh: {}, lean: {}, same: {}, killed: {}, twice: {}, faulty: {} })

    t.test('a checkout in which nothing was installed says what to type', async (t) => {
      const folder = checkout('fresh', 'none')
      for (const [script, said] of [
        [TURNOUT, /^turnout is not built yet/],
        [BUILD, /^turnout: its packages are not installed yet/],
      ] as const) {
        const { code, out, err } = await run([node, script], folder, root)
        t.equal(code, 1)
        t.equal(out, '')
        t.match(err, said)
        t.match(err, /^ {2}(cd .* && )?npm ci$/m)
        t.notMatch(err, /\bat .*:\d+/, 'no stack')
      }
    })

    t.test('without a compiler it builds where Node can, and says what to type where not', async (t) => {
      const folder = checkout('lean', 'without a compiler')
      const { code, err } = await build(folder)
      if (alone) {
        t.equal(err, '', 'without a word')
        t.equal(await start(folder), 'first hello\n')
      } else {
        t.equal(code, 1)
        t.match(err, 'npm ci && npm prune --omit=dev')
        t.match((await run([node, TURNOUT], folder, root)).err, 'npm ci')
      }
    })

    t.test('without a change nothing is built, and after one everything is', async (t) => {
      const folder = checkout('same', 'with a compiler')
      const built = join(folder, 'dist/src')
      t.strictSame(await build(folder), { code: 0, out: '', err: '' })
      t.equal(await start(folder), 'first hello\n')
      const before = statSync(built).ino
      await build(folder)
      t.equal(statSync(built).ino, before)

      writeSources(folder, 'second')
      rmSync(join(folder, 'src/line.ts'))
      writeFileSync(join(folder, 'src/cli/turnout.ts'), `process.stdout.write('alone\\n')\n`)
      await build(folder)
      t.equal(await start(folder), 'alone\n')
      t.strictSame(readdirSync(built), ['cli'], 'what has no source any more is gone')
      t.strictSame(readdirSync(join(folder, 'dist')).sort(), ['sources.sha256', 'src'])
    })

    t.test('a build that is ended leaves the one before in use, while it writes', async (t) => {
      const folder = checkout('killed', 'with a compiler')
      await build(folder)
      for (const [index, signal] of (['SIGINT', 'SIGTERM', 'SIGKILL'] as const).entries()) {
        writeSources(folder, `change ${index}`)
        const child = spawn(node, [BUILD], { cwd: folder, stdio: 'ignore' })
        const dist = watch(join(folder, 'dist'))
        const ended = once(child, 'exit')
        await Promise.race([once(dist, 'change'), ended])
        child.kill(signal)
        await ended
        dist.close()
        t.match(await start(folder), /^(first|change \d) hello\n$/, signal)
      }
      await build(folder)
      t.equal(await start(folder), 'change 2 hello\n')
      // The compiler of a build that was killed outright may live on, and write a little longer; each build sweeps.
      let change = 2
      await eventually(30_000, 'nothing is left of the others', async () => {
        writeSources(folder, `change ${++change}`)
        await build(folder)
        return readdirSync(join(folder, 'dist')).sort().join() === 'sources.sha256,src'
      })
    })

    t.test('of builds at the same time each is whole', async (t) => {
      const folder = checkout('twice', 'with a compiler')
      const codes = await Promise.all([1, 2, 3].map(async () => (await build(folder)).code))
      t.strictSame(codes, [0, 0, 0])
      t.equal(await start(folder), 'first hello\n')
    })

    t.test('a source that cannot be read as TypeScript replaces nothing', async (t) => {
      const folder = checkout('faulty', 'with a compiler')
      await build(folder)
      writeFileSync(join(folder, 'src/line.ts'), 'export const line = (\n')
      const { code } = await build(folder)
      t.not(code, 0)
      t.equal(await start(folder), 'first hello\n')
    })
  })
}

t.test('what npm runs', async (t) => {
  const root = t.testdir({ checkout: {}, user: {} })
  const folder = smallCheckout(join(root, 'checkout'), 'without a compiler')

  t.test('no script runs for `npx turnout` in a checkout, nor where the package is installed', async (t) => {
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: object }
    const names = ['preinstall', 'install', 'postinstall', 'prepare']
    t.strictSame(
      Object.keys(scripts).filter((name) => names.includes(name)),
      [],
    )
    const { code, err } = await run(['npx', 'turnout', 'hello'], folder, root)
    t.equal(code, 1)
    t.match(err, /^turnout is not built yet/)
    t.notOk(existsSync(join(folder, 'dist')), 'no build')
  })

  t.test('`npm install` builds', async (t) => {
    const { code, err } = await run(['npm', 'install', '--no-audit'], folder, root)
    const node = NODES[0] ?? ''
    if (strips(node)) {
      t.equal(code, 0, err)
      t.equal((await run(['npx', 'turnout', 'hello'], folder, root)).out, 'first hello\n')
    } else {
      t.equal(code, 1)
      t.match(err, 'needs a compiler to build it')
    }
  })
})

t.test('a Node that is too old is told so', async (t) => {
  const root = t.testdir({ checkout: {} })
  const folder = smallCheckout(join(root, 'checkout'), 'none')
  const file = join(folder, 'package.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/>=[\d.]+/, '>=99.10.1'))
  const { code, err } = await run([process.execPath, TURNOUT], folder, root)
  t.equal(code, 1)
  t.match(err, `turnout needs Node 99.10.1 or newer, and this is ${process.versions.node}`)
})
