import { createServer } from 'node:http'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { GgufWriter, gemmaGguf, llamaGguf, tokenizer, type Value } from '../support/gguf-file.ts'
import { gatewayFor } from '../support/rig.ts'
import { startHub } from '../support/hub.ts'
import type { ShownGguf } from '../../src/cli/gguf/shown-gguf.ts'
import { NOWHERE, run, runHere, start } from './turnout.ts'

const SMALL = llamaGguf({ layers: 4, width: 256, heads: 8, kvHeads: 2, context: 8192 })
/** In one line. */
const flat = (text: string): string => text.replace(/\s+/g, ' ')
const narrow = (text: string): string[] => text.split('\n').filter((line) => line.length > 80)

t.test('a file: what it is, what it needs and where each figure is from, in 80 columns', async (t) => {
  const cwd = t.testdir({ 'small.gguf': SMALL })
  const { code, out, err } = await runHere(['models', 'show', 'small.gguf', '--memory', '24GiB'], { cwd })
  t.strictSame([code, err, narrow(out)], [0, '', []])
  t.match(out, /^small\.gguf: 2\.4M parameters, mostly F32, 9 MiB\n/)
  t.match(out, /^ {2}architecture {3}llama$/m)
  t.match(out, /^ {2}layers {9}4$/m)
  t.match(out, /^ {2}heads {10}8, KV heads 2, keys of 32, values of 32$/m)
  t.match(out, /^ {2}context {8}8,192 tokens in training$/m)
  t.match(out, /^ {2}tokenizer {6}gpt2, qwen2, 258 tokens$/m)
  t.match(out, /^memory at a context of 8,192 tokens, KV cache in f16:$/m)
  // 4 layers x 2 heads x (32 + 32) x 2 bytes x 8192
  t.match(out, /^ {2}KV cache +8 MiB {2}4 layers x \(64 \+ 64\) values x tokens$/m)
  t.match(out, /^ {2}memory {2}24 GiB \(--memory\): fits$/m)

  const shown = JSON.parse((await runHere(['models', 'show', 'small.gguf', '--json', '--context', '2k', '--slots', '3', '--cache-k', 'q8_0'], { cwd })).out) // prettier-ignore
  t.match(shown, {
    place: 'small.gguf',
    file_bytes: SMALL.length,
    parts: 1,
    shape: { architecture: 'llama', layers: 4, context: 8192, experts: null, abilities: null },
    asked: { context: 2048, slots: 3, cacheK: 'q8_0', cacheV: 'f16' },
    memory: { cache: 4 * 64 * (34 / 32 + 2) * 2048 * 3 },
  })
  const beyond = JSON.parse((await runHere(['models', 'show', 'small.gguf', '--json', '--context', '16k', '--memory', '24GiB'], { cwd })).out) // prettier-ignore
  t.match(beyond.fit, [{ fits: true, largest_context: 16_384 }], 'what fits is never above the largest that fits')
  const ram = shown.fit.at(-1)
  t.match(ram.name, /^RAM/)
  t.ok(ram.total > ram.free && ram.free > 0)
})

t.test('what does not fit is told with the context that does', async (t) => {
  const cwd = t.testdir({ 'small.gguf': SMALL, 'gemma.gguf': gemmaGguf({ layers: 12, width: 256, heads: 4, kvHeads: 1, window: 512 }) }) // prettier-ignore
  const show = async (...argv: string[]): Promise<string> => {
    const { out } = await runHere(['models', 'show', ...argv], { cwd })
    t.strictSame(narrow(out), [])
    return flat(out)
  }
  t.match(await show('small.gguf', '--memory', '20MiB', '--context', '64k'), /context of 65,536 tokens \(more than it was trained for\)[^]*does not fit; up to 3,072 tokens do/) // prettier-ignore
  t.match(await show('small.gguf', '--memory', '1MiB'), /does not fit at any context/)
  t.match(await show('gemma.gguf', '--memory', '1GiB'), /layers +12, 2 with full attention, 10 with a sliding window, window of 512 tokens/) // prettier-ignore
  t.match(await show('gemma.gguf', '--memory', '1GiB'), /10 layers with a\s+sliding window: 2\.5 MiB/)
  t.match(await show('gemma.gguf', '--memory', '1GiB'), /fits; up to 65,536 tokens do/)
})

t.test('experts, latent attention, recurrent layers and templates are read from the metadata', async (t) => {
  const base = (arch: string, more: Readonly<Record<string, Value>>): Buffer =>
    new GgufWriter().file(
      {
        'general.architecture': { text: arch },
        [`${arch}.block_count`]: { u32: 8 },
        [`${arch}.embedding_length`]: { u32: 1024 },
        [`${arch}.context_length`]: { u32: 131_072 },
        [`${arch}.attention.head_count`]: { u32: 16 },
        ...tokenizer(),
        ...more,
      },
      [
        { name: 'token_embd.weight', shape: [1024, 258] },
        { name: 'blk.0.ffn_up_exps.weight', shape: [256, 64, 128], type: 8, block: [32, 34] },
      ],
    )
  const template = "{% if tools %}{{ tools }}{% endif %}{% for m in messages %}{{ m['role'] }}{{ m.tool_calls }}{% endfor %}{% if enable_thinking %}<think>{% endif %}" // prettier-ignore
  const cwd = t.testdir({
    'moe.gguf': base('qwen3moe', {
      'qwen3moe.attention.head_count_kv': { u32: 4 },
      'qwen3moe.attention.key_length': { u32: 128 },
      'qwen3moe.attention.value_length': { u32: 128 },
      'qwen3moe.expert_count': { u32: 128 },
      'qwen3moe.expert_used_count': { u32: 8 },
      'qwen3moe.rope.scaling.type': { text: 'yarn' },
      'qwen3moe.rope.scaling.factor': { f32: 4 },
      'tokenizer.chat_template': { text: template },
    }),
    'mla.gguf': base('deepseek2', {
      'deepseek2.attention.head_count_kv': { u32: 1 },
      'deepseek2.attention.key_length': { u32: 576 },
      'deepseek2.attention.value_length': { u32: 512 },
      'deepseek2.attention.key_length_mla': { u32: 192 },
      'deepseek2.attention.value_length_mla': { u32: 128 },
    }),
    'hybrid.gguf': base('nemotron_h', {
      'nemotron_h.attention.head_count_kv': { list: 'u32', of: [0, 0, 0, 2, 0, 0, 0, 2] },
      'nemotron_h.attention.key_length': { u32: 64 },
      'nemotron_h.attention.value_length': { u32: 64 },
      'nemotron_h.ssm.conv_kernel': { u32: 4 },
      'nemotron_h.ssm.inner_size': { u32: 2048 },
      'nemotron_h.ssm.state_size': { u32: 128 },
      'nemotron_h.ssm.group_count': { u32: 8 },
      'nemotron_h.attention.sliding_window': { u32: 4096 },
    }),
  })
  const show = async (file: string): Promise<{ text: string; json: ShownGguf }> => {
    const text = await runHere(['models', 'show', file, '--memory', '8GiB'], { cwd })
    t.strictSame([text.err, narrow(text.out)], ['', []], file)
    const json = await runHere(['models', 'show', file, '--memory', '8GiB', '--json'], { cwd })
    return { text: flat(text.out), json: JSON.parse(json.out) }
  }
  const moe = await show('moe.gguf')
  t.match(moe.text, /experts +128, 8 active/)
  t.match(moe.text, /context +131,072 tokens in training \(yarn x4\)/)
  t.match(moe.text, /quantisation +Q8_0 89 %, F32 11 % of the weights/)
  t.match(moe.text, /chat template +system role, tools, tool calls, thinking, switching thinking off; no images, no audio/) // prettier-ignore
  // All but the experts, and an eighth of a half of these.
  t.equal(moe.json.shape.activeParameters, 1024 * 258 + (256 * 64 * 128) / 16)
  t.equal(moe.json.memory.cache, 8 * 4 * 256 * 2 * 32_768)

  const mla = await show('mla.gguf')
  t.match(mla.text, /latent attention \(MLA\): one compressed key for each token, no values/)
  t.equal(mla.json.memory.cache, 8 * 576 * 2 * 32_768)

  const hybrid = await show('hybrid.gguf')
  t.match(hybrid.text, /layers +8, 2 with full attention, 6 recurrent/)
  t.match(hybrid.text, /KV heads 0 to 2/)
  t.match(hybrid.text, /names a sliding window of 4096 tokens but not its layers/)
  t.equal(hybrid.json.memory.ofCache.state, 6 * 4 * (3 * (2048 + 2 * 8 * 128) + 128 * 2048))
  t.equal(hybrid.json.memory.ofCache.full, 2 * 2 * 128 * 2 * 32_768)
})

t.test('a model in several files is shown as one, by any of them', async (t) => {
  const part = (count: number): Buffer =>
    new GgufWriter().file({ 'general.architecture': { text: 'llama' } }, [{ name: `x${count}`, shape: [count] }])
  const cwd = t.testdir({ 'm-00001-of-00003.gguf': SMALL, 'm-00002-of-00003.gguf': part(320), 'm-00003-of-00003.gguf': part(640) }) // prettier-ignore
  const alone = JSON.parse((await runHere(['models', 'show', 'm-00001-of-00003.gguf', '--json'], { cwd })).out)
  t.equal(alone.parts, 3)
  t.equal(alone.shape.parameters, 2_362_624 + 320 + 640)
  t.equal(JSON.parse((await runHere(['models', 'show', 'm-00003-of-00003.gguf', '--json'], { cwd })).out).parts, 3)
  t.equal(alone.memory.weights, 4 * alone.shape.parameters)
  writeFileSync(join(cwd, 'n-00001-of-00002.gguf'), SMALL)
  t.match(await runHere(['models', 'show', 'n-00001-of-00002.gguf'], { cwd }), {
    code: 1,
    err: /n-00002-of-00002\.gguf: there is no such file/,
  })
})

t.test('over HTTP only the header is fetched, and a token goes to nobody else', async (t) => {
  const large = llamaGguf({ layers: 40, width: 1024, heads: 8, kvHeads: 2 })
  const hub = await startHub({
    'org/Big-GGUF': { files: { 'Big-Q4_K_M.gguf': large, 'Big-Q8_0.gguf': SMALL } },
    'org/Gated-GGUF': { gated: 'manual', files: { 'Gated-Q4_K_M.gguf': SMALL } },
  })
  t.teardown(() => hub.close())
  const cwd = t.testdir({})
  const env = { HF_ENDPOINT: hub.url, HF_TOKEN: 'canary-token' }
  t.ok(large.length > 300e6)
  for (const word of [
    'org/Big-GGUF:Q4_K_M',
    'org/Big-GGUF',
    'hf.co/org/Big-GGUF',
    'org/Big-GGUF/Big-Q4_K_M.gguf',
    `${hub.url}/org/Big-GGUF/resolve/main/Big-Q4_K_M.gguf`,
  ]) {
    // prettier-ignore
    const { code, out, err } = await runHere(['models', 'show', word, '--json'], { cwd, env })
    t.equal(code, 0, `${word}: ${err}`)
    t.match(JSON.parse(out), { file_bytes: large.length, shape: { layers: 40 } }, word)
  }
  t.strictSame([...new Set(hub.stored.map(({ range }) => range))], ['bytes=0-1999999'])
  t.strictSame([...new Set(hub.stored.map(({ authorization }) => authorization))], [null], 'the store got no token')
  t.ok(hub.seen.every(({ authorization }) => authorization === 'Bearer canary-token'))
  const show = (word: string, more = {}) => runHere(['models', 'show', word], { cwd, env: { HF_ENDPOINT: hub.url, ...more } }) // prettier-ignore
  t.match(await show('org/Big-GGUF:Q6_K'), { code: 1, err: /org\/Big-GGUF has no Q6_K; it has Q8_0, Q4_K_M/ })
  t.match(await show('org/None-GGUF:Q6_K'), { code: 1, err: /has no org\/None-GGUF/ })
  t.match(flat((await show('org/Gated-GGUF:Q4_K_M')).err), /wants a token \(HTTP 401\).* accept its terms there and set HF_TOKEN/) // prettier-ignore
  t.equal((await show('org/Gated-GGUF:Q4_K_M', { HF_TOKEN: 'x' })).code, 0)
})

t.test(
  'a server without ranges, one that sends too much, one that redirects in circles and one that is away are each named',
  async (t) => {
    const server = createServer((request, response) => {
      const path = request.url?.split('?')[0]
      if (path === '/whole.gguf') return void response.writeHead(200).end(SMALL)
      if (path === '/more.gguf') return void response.writeHead(206, { 'content-range': 'bytes 0-9/10' }).end(Buffer.alloc(3e6)) // prettier-ignore
      if (path === '/file.gguf') return void response.writeHead(302, { location: 'file:///etc/passwd' }).end()
      if (path === '/gone.gguf') return void response.writeHead(404).end()
      response.writeHead(302, { location: '/circle.gguf' }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    t.teardown(() => server.close())
    const cwd = t.testdir({})
    for (const [path, says] of [
      ['whole.gguf', /its server does not support range requests \(HTTP 200\)/],
      ['more.gguf', /its server sends more than it was asked for/],
      ['file.gguf', /its server redirects from http: to file:/],
      ['gone.gguf', /there is no such file \(HTTP 404\)/],
      ['circle.gguf', /its server redirects too often/],
    ] as const) {
      const { code, err } = await runHere(['models', 'show', `${url}/${path}?secret=canary`], { cwd })
      t.equal(code, 1, path)
      t.match(flat(err), says, path)
      t.notMatch(err, /canary/, 'what a URL may hold beside its path is not printed')
    }
    t.match(await runHere(['models', 'show', 'http://127.0.0.1:1/x.gguf'], { cwd }), {
      code: 1,
      err: /it cannot be downloaded:\s+connection\s+refused/,
    })
  },
)

t.test('a search says which files fit, which are gated, and that nobody answers', async (t) => {
  const sized = (gib: number): Buffer => Object.defineProperty(Buffer.alloc(8), 'length', { value: gib * 1024 ** 3 })
  const hub = await startHub({
    'org/Qwen3-8B-GGUF': {
      files: {
        'Qwen3-8B-Q8_0.gguf': sized(8.1),
        'Qwen3-8B-UD-Q4_K_XL.gguf': sized(4.8),
        'big/Qwen3-8B-BF16-00001-of-00002.gguf': sized(10),
        'big/Qwen3-8B-BF16-00002-of-00002.gguf': sized(5.3),
      },
    },
    'org/Qwen3-8B-gated': { gated: 'auto', files: {} },
  })
  t.teardown(() => hub.close())
  const cwd = t.testdir({})
  const search = (words: string[], env: Readonly<Record<string, string>> = { HF_ENDPOINT: hub.url }) => runHere(['models', 'search', ...words], { cwd, env }) // prettier-ignore
  const { code, out, err } = await search(['qwen3', '8b', '--memory', '10GiB'])
  t.strictSame([code, err, narrow(out)], [0, '', []])
  t.equal(
    out,
    `org/Qwen3-8B-GGUF: qwen3, 8.2B parameters, context 40,960, 12k downloads
  quantisation  size      fits
  UD-Q4_K_XL    4.8 GiB   memory
  Q8_0          8.1 GiB   memory
  BF16          15.3 GiB  no, 2 files

org/Qwen3-8B-gated: gated: its terms must be accepted on Hugging Face, qwen3,
8.2B parameters, context 40,960, 12k downloads
  no GGUF files

memory: 10 GiB (--memory)
`,
  )
  const json = JSON.parse((await search(['qwen3', '--memory', '6GiB', '--json'])).out)
  t.match(json.models[0].files[0], { quant: 'UD-Q4_K_XL', parts: 1, fits: [true] })
  t.match(json.models[0].files[2], { quant: 'BF16', parts: 2, fits: [false] })
  t.equal(json.models[1].gated, true)
  t.match(hub.seen[0]?.line, /^GET \/api\/models\?search=qwen3\+8b&filter=gguf&sort=downloads&direction=-1&limit=5$/)

  t.match(await search(['nothing']), { code: 1, out: '', err: /no GGUF model has "nothing" in its name or tags/ })
  t.match(flat((await search(['x'], { HF_ENDPOINT: 'http://127.0.0.1:1' })).err), /127\.0\.0\.1:1 cannot be reached from here \(connection refused\)/) // prettier-ignore
  t.equal((await search(['x'], { HF_ENDPOINT: 'http://127.0.0.1:1' })).code, 1)
  await search(['x'], { HF_ENDPOINT: `${hub.url}/mirror/hf/` })
  t.match(hub.seen.at(-1)?.line, /^GET \/mirror\/hf\/api\/models\?search=x&/, 'a mirror with a path of its own')
  t.match(await search(['x'], { HF_ENDPOINT: 'nonsense' }), { code: 1, err: /HF_ENDPOINT is not a URL/ })
  t.match(await search(['x', '--limit', '0']), { code: 2, err: /--limit: "0" is not a whole number from 1 to 20/ })
  t.match(await search(['x', '--memory', 'much']), { code: 2, err: /--memory: "much" is not a number with one of/ })
})

t.test('a name: what the gateway that runs knows of its model', async (t) => {
  const upstream = await startFaultUpstream({})
  t.teardown(() => upstream.close())
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['known'] }],
    models: {
      'up/known': {
        context: 128_000,
        capabilities: { tools: true, vision: false },
        price: { input_per_mtok_usd: 0.15, output_per_mtok_usd: 0.6 },
      },
    },
  }
  const gateway = await gatewayFor(t, config)
  const cwd = t.testdir({ 'turnout.yaml': stringify(config) })
  const show = (...argv: string[]) => run(['models', 'show', ...argv], { cwd, env: NOWHERE })
  const { code, out } = await show('up/known', '--url', gateway.url)
  t.equal(code, 0)
  t.strictSame(narrow(out), [])
  t.match(out, /^up\/known\n {2}backend +up \(openai-compatible/)
  t.match(out, /^ {2}context +128,000 tokens \(operator\), output up to \?$/m)
  t.match(out, /^ {2}loaded +/m)
  t.match(out, /^ {2}price +USD 0\.15 in, \? cached in, 0\.6 out/m)
  t.match(out, /^ {2}supports +tools \(operator\)$/m)
  t.match(out, /^ {2}lacks +vision \(operator\)$/m)
  t.match(await show('known', '--url', gateway.url), { code: 0, out: /^up\/known\n/ })
  t.match(JSON.parse((await show('up/known', '--url', gateway.url, '--json')).out), [{ id: 'up/known' }])
  t.match(await show('up/know', '--url', gateway.url), { code: 1, err: /did you mean\s+up\/known\?/ })
  t.match(await show('else', '--url', gateway.url), { code: 1, err: /"else" is neither a file here nor a model of the gateway/ }) // prettier-ignore
  t.match(await show('up/known', '--config', 'turnout.yaml'), { code: 0, out: /^up\/known\n/ })
})

t.test(
  'words of models are completed in meaning, and the package that reads headers is loaded for them alone',
  async (t) => {
    const cwd = t.testdir({ 'small.gguf': SMALL })
    t.match(await runHere(['models', 'shwo', 'x.gguf'], { cwd }), { code: 2, err: /there is no "models shwo"; did you mean "show"\?/ }) // prettier-ignore
    t.match(await runHere(['models', 'show'], { cwd }), { code: 2, err: /^turnout models show: MODEL is missing/ })
    t.match(await runHere(['models', '--help'], { cwd }), { code: 0, out: /also:\n {2}turnout models show MODEL\n/ })
    const debug = async (...argv: string[]): Promise<string> => (await start(argv, { cwd, env: { NODE_DEBUG: 'module,esm', ...NOWHERE } }).ended).err // prettier-ignore
    t.notMatch(await debug('--version'), /@huggingface/)
    t.notMatch(await debug('models', '--help'), /@huggingface/)
    t.match(await debug('models', 'show', 'small.gguf'), /@huggingface\/gguf/)
  },
)
