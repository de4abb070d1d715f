/**
 * `npm run build`, and part of `npm ci`, `npm start` and `npm pack`: src/*.ts -> dist/src/*.js. Node takes the types away itself where
 * it can, which is done in half a second and needs no package; the compiler does where it cannot. Types are checked by `npm test`.
 *
 * Nobody sees half a build: it is made beside the one in use, and takes its place at once. Without a change of the sources nothing is done.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const DIST = join(ROOT, 'dist')
const BUILT = join(DIST, 'src')
/** What the build was made of; written last. */
const STAMP = join(DIST, 'sources.sha256')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
/** What the build depends on beside the sources. */
const HOW = ['scripts/build.js', 'tsconfig.json', 'tsconfig.build.json']
/** A relative path of a module in an `import` or `export`: the only place of an extension. */
const IMPORTED = /(\b(?:from|import)\b\s*\(?\s*['"]\.{1,2}\/[^'"\n]*)\.ts(?=['"])/g

const sources = () =>
  readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()

function digest(paths) {
  const hash = createHash('sha256')
  for (const path of HOW) hash.update(readFileSync(join(ROOT, path)))
  for (const path of paths) hash.update(`\0${path}\0`).update(readFileSync(join(ROOT, 'src', path)))
  return hash.digest('hex')
}

const stamp = () =>
  existsSync(join(BUILT, 'cli/turnout.js')) && existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : null

/** Types become blanks, so that lines and columns stay what they are in the sources. */
function strip(paths, folder) {
  // That this is no settled part of Node yet is nothing that whoever installs Turnout could do something about.
  process.removeAllListeners('warning')
  for (const path of paths) {
    const file = join(folder, 'src', path.replace(/ts$/, 'js'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, withoutTypes(path).replace(IMPORTED, '$1.js'))
  }
}

function withoutTypes(path) {
  const text = readFileSync(join(ROOT, 'src', path), 'utf8')
  try {
    return nodeModule.stripTypeScriptTypes(text)
  } catch (error) {
    process.stderr.write(`src/${path}: ${error.message}\n`)
    process.exit(1)
  }
}

function compile(folder) {
  const args = [TSC, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', folder]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** Two builds at once: whoever comes last wins, as a whole. */
function swap(folder) {
  for (let n = 0; ; n++)
    try {
      return renameSync(join(folder, 'src'), BUILT)
    } catch (error) {
      if (!existsSync(BUILT)) throw error
      move(BUILT, join(folder, `old-${n}`))
    }
}

/** Where another build was faster there is nothing left to move. */
function move(from, to) {
  try {
    renameSync(from, to)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** What builds left that were killed. */
function sweep() {
  for (const name of readdirSync(DIST))
    if (/^new-\d+$/.test(name) && !isAlive(Number(name.slice(4))))
      rmSync(join(DIST, name), { recursive: true, force: true })
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function build(paths, made) {
  const folder = join(DIST, `new-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  // Ctrl-C does not fall into the middle of the swap: signals are heard between two steps of this program, and that is one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
  sweep()
  if (nodeModule.stripTypeScriptTypes) strip(paths, folder)
  else compile(folder)
  rmSync(STAMP, { force: true })
  swap(folder)
  writeFileSync(STAMP, made)
}

/** In the words of somebody who has just cloned it. */
function lacking() {
  if (!existsSync(join(ROOT, 'node_modules')))
    return 'its packages are not installed yet. Type this first:\n\n  npm ci\n'
  if (nodeModule.stripTypeScriptTypes || existsSync(TSC)) return null
  return `Node ${process.versions.node} needs a compiler to build it, which --omit=dev leaves out. Either of these will do:\n
  npm ci && npm prune --omit=dev      with this Node
  npm ci --omit=dev                   with Node 22.13 or newer, which needs none
`
}

// The package itself holds a build and no sources.
if (existsSync(join(ROOT, 'src/cli/turnout.ts'))) {
  const paths = sources()
  const made = digest(paths)
  if (stamp() !== made) {
    const why = lacking()
    if (why === null) build(paths, made)
    else {
      process.stderr.write(`turnout: ${why}\n`)
      process.exitCode = 1
    }
  }
}
