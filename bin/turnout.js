#!/usr/bin/env node
/**
 * The command. It is no compiled file, so that a checkout in which nothing was built yet, or a Node that is too old,
 * gets a sentence that says what to type, and not a stack.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../', import.meta.url)
const BUILT = new URL('dist/src/cli/turnout.js', ROOT)

/** Why it cannot run, and what to type; null where nothing stands in its way. */
function obstacle() {
  const { engines } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
  const wanted = engines.node.replace('>=', '')
  if (isOlder(process.versions.node, wanted))
    return `needs Node ${wanted} or newer, and this is ${process.versions.node}: https://nodejs.org has newer ones`
  return existsSync(BUILT) ? null : notInstalled()
}

/** Of two versions in figures. */
function isOlder(version, than) {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number))
  const at = left.findIndex((part, index) => part !== right[index])
  return at >= 0 && left[at] < right[at]
}

/** With its own command for the build: npm runs none where its settings say `ignore-scripts`. */
const notInstalled = () =>
  `is not built yet. Type this first:\n\n  cd ${fileURLToPath(ROOT).replace(/[/\\]$/, '')} && npm ci\n\nand \`npm run build\` where npm is set to run no scripts.\n`

/** Without its packages: after `git clone`, or after somebody has removed node_modules. */
const lacksPackage = (error) => error?.code === 'ERR_MODULE_NOT_FOUND' && /^Cannot find package /.test(error.message)

function refuse(why) {
  process.stderr.write(`turnout ${why}\n`)
  process.exitCode = 1
}

// From the first moment on: `serve` says what a SIGHUP comes to, and one that comes before it is loaded would end the process.
if (process.argv[2] === 'serve') process.on('SIGHUP', () => undefined)

const why = obstacle()
if (why !== null) refuse(why)
else
  try {
    await import(BUILT)
  } catch (error) {
    if (!lacksPackage(error)) throw error
    refuse(notInstalled())
  }
