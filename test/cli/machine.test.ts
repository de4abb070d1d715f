import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { metalRoom, nvidiaRoom, ramRoom, rocmRoom, roomsHere } from '../../src/cli/gguf/machine.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

t.test('GPUs are read from what their tools print', async (t) => {
  t.strictSame(nvidiaRoom('NVIDIA L4, 23034, 22490\n'), {
    name: 'GPU memory (NVIDIA L4)',
    total: 23_034 * MIB,
    free: 22_490 * MIB,
    source: 'nvidia-smi',
  })
  t.match(nvidiaRoom('NVIDIA L4, 100, 50\nNVIDIA L4, 100, 100\n'), { name: 'GPU memory (2 x NVIDIA L4)', total: 200 * MIB, free: 150 * MIB }) // prettier-ignore
  t.match(nvidiaRoom('NVIDIA GB10, 100, [N/A]\n'), { total: 100 * MIB, free: null })
  t.equal(nvidiaRoom('NVIDIA Thor, [N/A], [N/A]\n'), null)
  t.equal(nvidiaRoom('No devices were found\n'), null)
  const card = { 'VRAM Total Memory (B)': '17163091968', 'VRAM Total Used Memory (B)': '163091968' }
  t.match(rocmRoom(JSON.stringify({ card0: card, card1: card, system: {} })), {
    name: 'GPU memory (2 x AMD)',
    total: 2 * 17_163_091_968,
    free: 34_000_000_000,
    source: 'rocm-smi',
  })
  t.equal(rocmRoom('WARNING: no GPU'), null)
  t.match(metalRoom('0\n', 64 * GIB), { total: 48 * GIB, source: 'the usual share of the RAM' })
  t.match(metalRoom('0\n', 24 * GIB), { total: 16 * GIB })
  t.match(metalRoom('57344\n', 64 * GIB), { total: 56 * GIB, source: 'iogpu.wired_limit_mb' })
  t.match(ramRoom(64 * GIB, 8 * GIB, GIB), { name: 'RAM of this container', total: 8 * GIB, free: GIB })
  t.match(ramRoom(64 * GIB, 0, GIB), { name: 'RAM', total: 64 * GIB })
  t.match(ramRoom(64 * GIB, 2 ** 63, GIB), { name: 'RAM', total: 64 * GIB })
})

t.test('a tool that is there is asked, one that fails is not believed, and none hangs the command', async (t) => {
  const folder = t.testdir({})
  const tool = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  t.strictSame(
    (await roomsHere(folder)).map(({ source }) => source === 'nvidia-smi'),
    [false],
  )
  tool('nvidia-smi', `echo 'NVIDIA L4, 23034, 22490'`)
  tool('rocm-smi', 'echo broken; exit 1')
  const rooms = await roomsHere(`${folder}:/usr/bin:/bin`)
  t.strictSame(rooms.map(({ source }) => source)[0], 'nvidia-smi')
  t.equal(rooms.length, 2)
})
