import t from 'tap'
import { load, refusal } from './load.ts'

const BASE = 'backends: [{ name: a, kind: openai, key: k }]\n'
const HASH = `sha256:${'ab'.repeat(32)}`
const backend = (fields: string): string => `backends: [{ name: a, kind: vllm, ${fields} }]`

const routeOf = (options: string): string => `${BASE}routes: [{ name: r, candidates: ['*'], ${options} }]`

/** A mistake, and what its message must say. */
const MISTAKES: readonly (readonly [mistake: string, yaml: string, said: RegExp])[] = [
  ['a typo', `${BASE}limits: { ttf: 1s }`, /^limits\.ttf: there is no such option; did you mean `ttft`\?$/],
  ['a typo in a list', backend('urll: x'), /^backends\[0\]\.urll: .*did you mean `url`\?$/],
  ['no option at all', `${BASE}colour: red`, /^colour: there is no such option; there are server, backends, /],
  ['a text for a number', `${BASE}server: { port: "70" }`, /^server\.port: "70" is a text; write a number: 70$/],
  [
    'a text for a list',
    `${BASE}routes: [{ name: r, candidates: x }]`,
    /^routes\[0\]\.candidates: is a text; write a list: put it in \[ \]$/,
  ],
  [
    'a number without a unit',
    `${BASE}limits: { ttft: 5 }`,
    /^limits\.ttft: 5 is a number; write it with a unit, like "5s"$/,
  ],
  [
    'less room for all bodies than for one',
    `${BASE}limits: { body: 64MiB, bodies: 32MiB }`,
    /^limits\.bodies: "32MiB" is less than `limits\.body` \(64MiB\), .*; write more$/,
  ],
  [
    'less room for all bodies than for one by default',
    `${BASE}limits: { bodies: 1MiB }`,
    /^limits\.bodies: "1MiB" is less than `limits\.body` \(32MiB\)/,
  ],
  ['a size without one', `${BASE}limits: { body: 64 }`, /^limits\.body: 64 .*like "64MiB"$/],
  [
    'a word that is no effort',
    `${BASE}models: { m: { efforts: [hihg] } }`,
    /^models\.m\.efforts\[0\]: "hihg" is not one of .*did you mean [`"]high[`"]\?$/,
  ],
  ['no effort', `${BASE}models: { m: { efforts: [] } }`, /^models\.m\.efforts: is empty; .*\{ reasoning: false \}$/],
  ['no parameters', `${BASE}models: { m: { params_b: 0 } }`, /^models\.m\.params_b: .*is not more than 0/],
  ['no time', `${BASE}limits: { ttft: 0s }`, /^limits\.ttft: "0s" is nothing; write more, like "30s"$/],
  [
    'a duration with nothing',
    `${BASE}limits:\n  ttft:\n`,
    /^limits\.ttft: is empty; write it with a unit, like "30s", or/,
  ],
  ['an unknown unit', `${BASE}limits: { ttft: 5x }`, /^limits\.ttft: "5x" .*units ms, s, m, h; write it like "30s"$/],
  ['longer than a timer', `${BASE}limits: { total: 600h }`, /^limits\.total: "600h" is more than /],
  [
    'a wrong word',
    `${BASE}server: { log_level: debg }`,
    /^server\.log_level: "debg" is not one of .*did you mean [`"]debug[`"]\?$/,
  ],
  [
    'a wrong strategy',
    `${BASE}routes: [{ name: r, candidates: ['*'], strategy: balancd }]`,
    /^routes\[0\]\.strategy: "balancd" is not one of .*did you mean [`"]balanced[`"]\?$/,
  ],
  [
    'a wrong capability',
    `${BASE}models: { m: { capabilities: { tols: true } } }`,
    /^models\.m\.capabilities\.tols: .*did you mean `tools`\?$/,
  ],
  ['an option with nothing', `${BASE}routes:\n`, /^routes: is empty; write a list, or leave the option out$/],
  ['no url', 'backends: [{ name: a, kind: vllm }]', /^backends\[0\]\.url: is missing; .*"http:\/\/host:port"$/],
  ['no scheme', backend('url: "gpu-a:8000"'), /^backends\[0\]\.url: .*write "http:\/\/gpu-a:8000"/],
  ['no scheme, with a path', backend('url: "localhost:8000/v1"'), /write "http:\/\/localhost:8000\/v1"/],
  ['another scheme', backend('url: "ftp://gpu-a"'), /^backends\[0\]\.url: .*is not a URL/],
  [
    'credentials',
    backend('url: "http://me:sesame@gpu-a"'),
    /^backends\[0\]\.url: contains credentials; write them as `key`$/,
  ],
  ['a query', backend('url: "http://gpu-a/v1?key=sesame"'), /^backends\[0\]\.url: has a query or a fragment; /],
  [
    'an unknown kind',
    'backends: [{ name: a, kind: vlm, url: "http://h" }]',
    /^backends\[0\]\.kind: "vlm" .*did you mean "vllm"\?$/,
  ],
  ['no kind', 'backends: [{ name: a }]', /^backends\[0\]\.kind: is missing; write one of .*azure.*openai.*vllm/],
  [
    'a cloud without a list, and none declared',
    "backends: [{ name: a, kind: azure, url: 'https://x.openai.azure.com', key: k }]",
    /^backends\[0\]\.models: is missing; Azure OpenAI does not list models .*name them/,
  ],
  [
    'the address of an endpoint',
    backend('url: "http://h:8000/v1/chat/completions"'),
    /^backends\[0\]\.url: ends in "\/v1\/chat\/completions", .*write "http:\/\/h:8000"$/,
  ],
  [
    'two of one name',
    'backends: [{ name: a, kind: openai }, { name: a, kind: groq }]',
    /^backends\[1\]\.name: "a" is taken by backends\[0\]/,
  ],
  [
    'a plain key',
    `${BASE}keys: [{ id: a, hash: sk-sesame }]`,
    /^keys\[0\]\.hash: is not "sha256:" and 64 hex digits; .*turnout key/,
  ],
  [
    'one key twice',
    `${BASE}keys: [{ id: a, hash: '${HASH}' }, { id: b, hash: '${HASH.toUpperCase().replace('SHA', 'sha')}' }]`,
    /^keys\[1\]\.hash: is the hash of "a" too/,
  ],
  ['a masked key', 'backends: [{ name: a, kind: openai, key: "sk-***" }]', /^backends\[0\]\.key: is a masked secret/],
  [
    'a key of dots',
    'backends: [{ name: a, kind: openai, key: "sk-...abcd" }]',
    /^backends\[0\]\.key: is a masked secret/,
  ],
  [
    'a key of two lines',
    'backends: [{ name: a, kind: openai, key: "sk-a\\nx-evil: 1" }]',
    /^backends\[0\]\.key: contains /,
  ],
  [
    'an alias that is a route',
    `${BASE}routes: [{ name: r, candidates: ['*'] }]\nmodels: { m: { aliases: [r] } }`,
    /^models\.m\.aliases\[0\]: "r" is a route/,
  ],
  [
    'an alias of two models',
    `${BASE}models: { m: { aliases: [x] }, n: { aliases: [x] } }`,
    /^models\.n\.aliases\[0\]: "x" is an alias of "m"/,
  ],
  [
    'an alias that is a model',
    `${BASE}models: { m: { aliases: [n] }, n: {} }`,
    /^models\.m\.aliases\[0\]: "n" is a model/,
  ],
  [
    'a reserved alias',
    `${BASE}models: { m: { aliases: ['auto:fast'] } }`,
    /^models\.m\.aliases\[0\]: "auto:fast" is reserved/,
  ],
  [
    'an unknown route',
    `${BASE}keys: [{ id: a, hash: '${HASH}', routes: [nope] }]`,
    /^keys\[0\]\.routes\[0\]: there is no route "nope"/,
  ],
  [
    'an unknown key',
    `${BASE}routes: [{ name: r, candidates: ['*'], match: { key: [nope] } }]`,
    /^routes\[0\]\.match\.key\[0\]: /,
  ],
  [
    'a text for the keys of a rule',
    `${BASE}routes: [{ name: r, candidates: ['*'], match: { key: team-a } }]`,
    /^routes\[0\]\.match\.key: "team-a" is a text; write a list: put it in \[ \]$/,
  ],
  [
    'a wrong class',
    routeOf('match: { class: [code, mathh] }'),
    /^routes\[0\]\.match\.class\[1\]: "mathh" is not one of chat, .*did you mean `math`\?$/,
  ],
  ['no class', routeOf('match: { class: [] }'), /^routes\[0\]\.match\.class: is empty; write at least one$/],
  [
    'a class that is a text',
    routeOf('match: { class: code }'),
    /^routes\[0\]\.match\.class: is a text; write a list: put it in \[ \]$/,
  ],
  [
    'a wrong need',
    routeOf('match: { needs: [visoin] }'),
    /^routes\[0\]\.match\.needs\[0\]: "visoin" is not one of .*did you mean `vision`\?$/,
  ],
  [
    'sizes the wrong way round',
    routeOf('match: { tokens: { min: 10, max: 5 } }'),
    /^routes\[0\]\.match\.tokens: no size is between 10 and 5; `min` is the lower one$/,
  ],
  [
    'no size',
    routeOf('match: { tokens: {} }'),
    /^routes\[0\]\.match\.tokens: has neither `min` nor `max`; write one of them/,
  ],
  [
    'a size misspelt',
    routeOf('match: { tokens: { mim: 5 } }'),
    /^routes\[0\]\.match\.tokens\.mim: .*did you mean `min`\?$/,
  ],
  [
    'no hour left',
    routeOf('match: { hour: { from: 8, to: 8 } }'),
    /^routes\[0\]\.match\.hour\.to: 8 is the hour of `from` as well, so none is left; write 9 for one hour, or leave `hour` out/,
  ],
  [
    'an hour that no day has',
    routeOf('match: { hour: { from: 24, to: 6 } }'),
    /^routes\[0\]\.match\.hour\.from: 24 is more than 23; write an hour from 0 to 23$/,
  ],
  [
    'half an hour',
    routeOf('match: { hour: { from: 1.5, to: 6 } }'),
    /^routes\[0\]\.match\.hour\.from: 1\.5 is a number; write a whole number$/,
  ],
  [
    'one end of the hours',
    routeOf('match: { hour: { from: 8 } }'),
    /^routes\[0\]\.match\.hour\.to: is missing; write a (whole )?number$/,
  ],
  [
    'a header twice',
    routeOf('match: { header: { X-Team: a, x-team: b } }'),
    /^routes\[0\]\.match\.header\.x-team: is there in other letters/,
  ],
  [
    'a secret as a condition',
    routeOf('match: { header: { Authorization: Bearer sesame } }'),
    /^routes\[0\]\.match\.header\.Authorization: carries a secret, .*`match\.key`$/,
  ],
  [
    'no name of a header',
    routeOf("match: { header: { 'x team': a } }"),
    /^routes\[0\]\.match\.header\["x team"\]: is no name of a header; /,
  ],
  [
    'no header',
    routeOf('match: { header: {} }'),
    /^routes\[0\]\.match\.header: is empty; write \{ x-team: research \}/,
  ],
  [
    'a number for the value of a header',
    routeOf('match: { header: { x-tier: 1 } }'),
    /^routes\[0\]\.match\.header\.x-tier: 1 is a number; write a text$/,
  ],
  [
    'a baseline of nobody',
    routeOf('baseline: b/gpt-5'),
    /^routes\[0\]\.baseline: there is no backend "b"; did you mean "a"\?$/,
  ],
  [
    'half a baseline',
    routeOf('baseline: gpt-5'),
    /^routes\[0\]\.baseline: "gpt-5" names one half only; write backend\/model$/,
  ],
  [
    'many baselines',
    routeOf("baseline: 'a/*'"),
    /^routes\[0\]\.baseline: "a\/\*" is a pattern; write one backend\/model$/,
  ],
  [
    'weights without weight',
    routeOf('weights: { quality: 0, cost: 0 }'),
    /^routes\[0\]\.weights: gives no weight to anything, .*strategy by its name$/,
  ],
  ['a strategy of nothing', routeOf('strategy: {}'), /^routes\[0\]\.strategy: gives no weight to anything/],
  [
    'a negative weight',
    routeOf('weights: { quality: -1 }'),
    /^routes\[0\]\.weights\.quality: -1 is negative; write 0 or more$/,
  ],
  [
    'a negative weight of a strategy',
    routeOf('strategy: { quality: -1 }'),
    /^routes\[0\]\.strategy\.quality: -1 is negative; write 0 or more$/,
  ],
  [
    'a weight misspelt',
    routeOf('strategy: { qualty: 1 }'),
    /^routes\[0\]\.strategy\.qualty: there is no such option; did you mean `quality`\?$/,
  ],
  [
    'too wide',
    routeOf('strategy: { cheapest_within: 2 }'),
    /^routes\[0\]\.strategy\.cheapest_within: 2 is more than 1; write a share from 0 to 1, like 0\.8$/,
  ],
  [
    'too narrow',
    routeOf('strategy: { cheapest_within: -0.1 }'),
    /^routes\[0\]\.strategy\.cheapest_within: -0\.1 is less than 0; write a share from 0 to 1, like 0\.8$/,
  ],
  [
    'two forms in one',
    routeOf('strategy: { cheapest_within: 0.02, cost: 1 }'),
    /^routes\[0\]\.strategy: `cheapest_within` cannot be combined with weights; remove it, or cost$/,
  ],
  [
    'two strategies',
    routeOf('strategy: fast, weights: { quality: 1 }'),
    /^routes\[0\]\.weights: cannot be used together with `strategy`; remove one of them$/,
  ],
  ['a list for a strategy', routeOf('strategy: [fast]'), /^routes\[0\]\.strategy: is not one of balanced, .*, hash$/],
  [
    'a text for a fallback',
    routeOf('fallback: openai/*'),
    /^routes\[0\]\.fallback: is a text; write a list: put it in \[ \]$/,
  ],
  ['a fallback of nothing', routeOf('fallback: []'), /^routes\[0\]\.fallback: is empty; write at least one$/],
  [
    'a quality of no class',
    `${BASE}models: { m: { quality: { cod: 0.5 } } }`,
    /^models\.m\.quality\.cod: there is no such option; did you mean `code`\?$/,
  ],
  [
    'a quality in percent',
    `${BASE}models: { m: { quality: { code: 74 } } }`,
    /^models\.m\.quality\.code: 74 is more than 1; write a share from 0 to 1, like 0\.8$/,
  ],
  [
    'a folder for the state',
    `${BASE}store: { state: ./data/ }`,
    /^store\.state: "\.\/data\/" is a folder; write a file, like "\.\/data\/state\.json"$/,
  ],
  [
    'a host with a scheme',
    `${BASE}server: { hosts: ["http://a.example"] }`,
    /^server\.hosts\[0\]: .* is not a host; .*"llm\.example\.com"/,
  ],
  ['a host with a port', `${BASE}server: { hosts: ["a.example:80"] }`, /^server\.hosts\[0\]: .* is not a host; /],
  [
    'an origin without a scheme',
    `${BASE}server: { cors: { origins: [a.example] } }`,
    /^server\.cors\.origins\[0\]: .* is not an origin; /,
  ],
  [
    'an origin with a path',
    `${BASE}server: { cors: { origins: ["https://a.example/x"] } }`,
    /^server\.cors\.origins\[0\]: .* is not an origin; /,
  ],
  ['no header', `${BASE}server: { cors: { headers: [] } }`, /^server\.cors\.headers: is empty; write "\*"/],
  ['an open door', `${BASE}server: { host: 0.0.0.0 }`, /^server\.host: "0\.0\.0\.0" .*no keys; add `keys`.*auth: none/],
  [
    'an open door with an empty file of keys',
    `${BASE}server: { host: 0.0.0.0 }\nstore: { keys: '' }`,
    /^server\.host: /,
  ],
  ['a name that looks like loopback', `${BASE}server: { host: 127.evil.example }`, /^server\.host: /],
  [
    'an unresolved variable',
    backend('url: "${GPU_URL}"'),
    /^backends\[0\]\.url: the variable GPU_URL is not set; set it, or write "\$\{GPU_URL:-default\}"$/,
  ],
  [
    'an empty variable',
    backend('url: "http://h", key: "${EMPTY}"'),
    /^backends\[0\]\.key: the variable EMPTY is empty; set it, or write "\$\{EMPTY:-default\}"$/,
  ],
  [
    'a reference without an end',
    backend('url: "http://h", key: "pa$$word${"'),
    /^backends\[0\]\.key: contains "\$\{" without a "\}"; .*"\$\$\{"/,
  ],
  [
    'a reference inside of another',
    backend('url: "http://h", key: "${A:-${EMPTY}}"'),
    /^backends\[0\]\.key: contains a "\$\{\.\.\}" inside another/,
  ],
  [
    'a text for a number in a variable',
    `${BASE}server: { port: "\${WORD}" }`,
    /^server\.port: "\$\{WORD\}" stands for a text; write a number$/,
  ],
  ['no map to merge', `${BASE}server: { <<: 5 }`, /^\(file\): `<<` merges the options of another map/],
  ['no reference', backend('url: "http://h", key: "${not a name}"'), /^backends\[0\]\.key: contains "\$\{/],
  [
    'broken YAML',
    'backends:\n  - name: a\n   kind: openai\n',
    /^backends\[0\]\.name: this line is indented by 3 spaces, .*; write 4 spaces, /,
  ],
  [
    'an open quote',
    'backends:\n  - name: "a\n',
    /^backends\[0\]\.name: the quote that opens here is not closed; write /,
  ],
  [
    'an option twice',
    'backends: []\nbackends: []\n',
    /^backends: this option is written twice in one map; write it once$/,
  ],
  [
    'a tag',
    'backends: [{ name: a, kind: openai, key: !env FOO }]',
    /^backends\[0\]\.key: tags like "!name" mean nothing here; a variable is written "\$\{NAME\}"$/,
  ],
  [
    'an alias of nothing',
    'backends: *x',
    /^backends: there is no such anchor; a value that begins with "\*" needs quotes$/,
  ],
  ['an empty file', '', /^\(file\): is empty; write `backends`, or remove the file/],
  ['only comments', '# nothing\n', /^\(file\): is empty; /],
  ['a list for a map', '- a', /^\(file\): is a list; write a map: lines of "name: value" without "- "$/],
]

t.test('each mistake has one message with its path and the remedy', async (t) => {
  for (const [mistake, yaml, said] of MISTAKES) {
    const message = refusal(yaml, { EMPTY: '', WORD: 'sesame' })
    t.match(message, said, mistake)
    t.notMatch(message, /\n|sesame|invalid input|undefined|\[object/i, mistake)
  }
})

t.test('all mistakes of a file are told at once', async (t) => {
  const message = refusal(`${BASE}limits: { tttf: 1s, idle: 5x }\nserver: { port: no }`)
  t.strictSame(
    message
      .split('\n')
      .map((line) => line.split(':', 1)[0])
      .sort(),
    ['limits.idle', 'limits.tttf', 'server.port'],
  )
})

t.test('a wrong key does not shift the paths of the others', async (t) => {
  const message = refusal(
    `${BASE}keys: [{ id: a, hash: wrong }, { id: b, hash: '${HASH}' }, { id: c, hash: '${HASH}' }]\nroutes: [{ name: r, candidates: ['*'], match: { key: [a] } }]`,
  )
  t.match(message, /^keys\[0\]\.hash: /m)
  t.match(message, /^keys\[2\]\.hash: is the hash of "b" too/m)
  t.notMatch(message, /match\.key/, 'the key is there, only its hash is wrong')
})

t.test('anchors that grow without bound are refused', async (t) => {
  const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
  const start = performance.now()
  t.not(refusal(`l0: &l0 [x]\n${levels.join('\n')}\nbackends: *l12\n`), '')
  t.ok(performance.now() - start < 2_000)
})

t.test('what a variable holds is text and never YAML', async (t) => {
  const evil = 'x" }\n  - { name: evil, kind: openai, url: "http://evil" }\n# ${OTHER}'
  const { config } = load("backends: [{ name: a, kind: vllm, url: 'http://h', models: ['${MODEL}'] }]", {
    MODEL: evil,
    OTHER: 'no',
  })
  t.equal(config.backends.length, 1)
  t.strictSame(config.backends[0]?.models, [evil])
})

t.test('variables: defaults, several in one text, and none in names', async (t) => {
  const yaml =
    "backends: [{ name: a, kind: vllm, url: 'http://${H}:${P:-8000}', key: '${K:-}' }]\nmodels: { '${H}': {} }"
  const { config } = load(yaml, { H: 'gpu', K: '' })
  t.equal(config.backends[0]?.root, 'http://gpu:8000')
  t.equal(config.backends[0]?.key, null)
  t.strictSame(Object.keys(config.models), ['${H}'])
})

t.test('swapped letters are a typo too', async (t) => {
  t.match(refusal(`${BASE}limits: { tttf: 1s }`), /did you mean `ttft`/)
  t.match(refusal(backend('ulr: x')), /did you mean `url`/)
})

t.test('names are compared although something else has the wrong shape', async (t) => {
  const paths = refusal(`
server: { host: 0.0.0.0, port: no }
backends: [{ name: a, kind: vlm, urll: x }, { name: a, kind: vllm, url: ftp://h, key: 'sk-***' }]
models: { m: { aliases: [r], context: none } }
routes: [{ name: r, candidates: ['*'], match: { key: [nope] }, explore: 5 }]
keys: [{ id: k, hash: '${HASH}', rpm: none, routes: [rr] }, { id: k, hash: '${HASH}' }]`)
    .split('\n')
    .map((line) => line.split(': ', 1)[0])
  t.strictSame(paths.sort(), [
    'backends[0].kind',
    'backends[0].urll',
    'backends[1].key',
    'backends[1].name',
    'backends[1].url',
    'keys[0].routes[0]',
    'keys[0].rpm',
    'keys[1].hash',
    'keys[1].id',
    'models.m.aliases[0]',
    'models.m.context',
    'routes[0].explore',
    'routes[0].match.key[0]',
    'server.port',
  ])
})

t.test('what cannot be read may be what is named', async (t) => {
  const rest = `keys: [{ id: 5, hash: '${HASH}', routes: [r] }]`
  t.equal(
    refusal(`${BASE}routes: [{ nam: r, candidates: ['*'], match: { key: [k] } }]\n${rest}`).match(
      /there is no (key|route)/,
    ),
    null,
  )
  for (const wrong of ['keyss: []', 'keys: 5', 'keys:'])
    t.notMatch(refusal(`${BASE}server: { host: 0.0.0.0 }\n${wrong}`), /server\.host/, wrong)
  t.notMatch(refusal(`${BASE}server: { host: 0.0.0.0, atuh: none }`), /server\.host/)
})

t.test('the options of another map', async (t) => {
  const { config } = load(
    'backends: [&a { name: a, kind: vllm, url: "http://h", models: [m] }, { <<: *a, name: b, url: "http://i" }]',
  )
  t.strictSame(
    config.backends.map(({ name, root, models }) => [name, root, models]),
    [
      ['a', 'http://h', ['m']],
      ['b', 'http://i', ['m']],
    ],
  )
})

t.test('facts for a backend whose name is misspelt are a warning', async (t) => {
  const { warnings } = load(
    "backends: [{ name: gpu-a, kind: vllm, url: 'http://h', models: [meta/llama] }]\nmodels: { gpu-b/y: {}, gpu-a/y: {}, meta/llama: {}, Qwen/Qwen3-8B: {}, y: {} }",
  )
  t.equal(warnings.length, 1)
  t.match(warnings[0], /^models\["gpu-b\/y"\]: no backend is named "gpu-b".*did you mean "gpu-a"\?$/)
})
