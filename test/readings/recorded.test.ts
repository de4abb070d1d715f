/** What engines told that were recorded, and versions of them that are described, by the files of their kinds. */
import t from 'tap'
import { noSamples, sample } from '../fleet/engine-double.ts'
import { type Answers, Engine, told } from './rig.ts'

const text = async (name: string): Promise<string> => `${(await sample(name)).body}\n`

t.test('vLLM as it was recorded', { skip: noSamples }, async (t) => {
  const answers = async (metrics: string): Promise<Answers> => ({
    '/metrics': await text(`vllm/${metrics}.txt`),
    '/load': await text('vllm/load-busy.txt'),
    '/version': await text('vllm/version.txt'),
  })
  t.match(told('vllm', await answers('metrics-busy'), 4), {
    running: 4,
    waiting: 2,
    foreign: 2,
    kv: 0.0058629534628068525,
    kvTokens: 349_440,
    sleeping: false,
    hitShare: 1152 / 2164,
    prefillRate: 976 / 11.975870164000298,
    tokenSeconds: 5.872942131001764 / 2345,
    version: '0.32.0',
    slots: null,
    most: null,
    models: null,
    restarts: 0,
  })
  t.match(told('vllm', await answers('metrics-start')), {
    running: 0,
    waiting: 0,
    kv: 0,
    kvTokens: 349_440,
    sleeping: false,
    hitShare: null,
    tokenSeconds: null,
  })
  t.match(told('vllm', await answers('admission-metrics')), { running: 1, waiting: 0, foreign: 1 })
  const engine = new Engine('vllm')
  engine.asked(await answers('metrics-busy'))
  const { hitShare, restarts, running } = engine.asked(await answers('metrics-end'))!
  t.match({ running, restarts }, { running: 0, restarts: 0 })
  t.equal(hitShare, 1152 / 2164, 'nothing was asked since')
})

t.test('vLLM whose statistics are off is asked for its load', { skip: noSamples }, async (t) => {
  const idle = await text('vllm/load.txt')
  const busy = await text('vllm/load-busy.txt')
  const metrics = 'python_info{version="3.12"} 1.0\n'
  t.match(told('vllm', { '/metrics': metrics, '/load': busy }), { running: 6, waiting: null, foreign: 6, kv: null })
  t.match(told('vllm', { '/load': busy }, 6), { running: 6, foreign: 0 })
  const engine = new Engine('vllm')
  t.equal(engine.asked({ '/load': idle }), null, 'without the option it says zero whatever happens')
  t.match(engine.asked({ '/load': busy }), { running: 6 })
  t.match(engine.asked({ '/load': idle }), { running: 0 }, 'now a zero is one')
})

t.test('llama.cpp as it was recorded', { skip: noSamples }, async (t) => {
  const props = await text('llamacpp/llamacpp-props.txt')
  const metrics = await text('llamacpp/llamacpp-metrics.txt')
  const slots = await text('llamacpp/llamacpp-slots.txt')
  const models = await text('llamacpp/llamacpp-models.txt')
  const whole = { '/props': props, '/metrics': metrics, '/slots': slots, '/v1/models': models }
  const model = { loaded: true, loading: false, sleeping: false, context: 512, bytes: 39_060_736 }
  t.match(told('llamacpp', whole), {
    running: 0,
    waiting: 0,
    foreign: 0,
    kv: null,
    slots: 2,
    context: 512,
    sleeping: false,
    hitShare: 226 / (226 + 73),
    prefillRate: 73 / 0.030836,
    tokenSeconds: 1.07038 / 297,
    version: 'b1-de3ff81',
    models: null,
  })
  t.match(told('llamacpp', { '/props': props, '/v1/models': models }), {
    running: null,
    slots: 2,
    models: new Map([['tiny-qwen', model]]),
  })
  t.match(told('llamacpp', { '/slots': slots }), { running: 0, waiting: null, slots: 2, context: null, models: null })
  const busy = slots.replace('"is_processing":false', '"is_processing":true')
  t.match(told('llamacpp', { '/slots': busy }, 1), { running: 1, foreign: 0 })
  t.match(
    told('llamacpp', { '/props': await text('llamacpp/llamacpp-props-auth.txt') }),
    { slots: 2, sleeping: false, running: null, foreign: null, kv: null, models: null, at: 1_000 },
    'what is not asked is not known',
  )
  const asleep = props.replace('"is_sleeping":false', '"is_sleeping":true')
  const { sleeping, models: there } = told('llamacpp', { '/props': asleep, '/v1/models': models })!
  t.equal(sleeping, true)
  t.match(there, new Map([['tiny-qwen', { ...model, loaded: false, sleeping: true }]]))
})

t.test("llama.cpp's router as it was recorded", { skip: noSamples }, async (t) => {
  const router = await text('llamacpp/llamacpp-router-models.json')
  const refused = { error: { code: 400, message: 'model name is missing from the request' } }
  const props = { role: 'router', max_instances: 4, default_generation_settings: { params: null, n_ctx: 0 } }
  const ask = (answers: Answers) =>
    told('llamacpp', { '/props': props, '/metrics': refused, '/v1/models': router, ...answers })
  const idle = ask({})
  t.match(idle, { running: null, slots: null, context: null })
  t.match(
    idle?.models,
    new Map([
      ['tiny-a', { loaded: false, loading: false, sleeping: false, context: null, bytes: null }],
      ['tiny-b', { loaded: true, loading: false, sleeping: false, context: 512, bytes: 8_357_120 }],
    ]),
  )
  const metrics = await text('llamacpp/llamacpp-metrics.txt')
  const busy = metrics.replace('requests_processing 0', 'requests_processing 2')
  const path = (model: string): string => `/metrics?model=${model}&autoload=false`
  t.match(ask({ [path('tiny-b')]: busy }), { running: 2, waiting: 0, hitShare: null })
  t.match(ask({ [path('tiny-a')]: busy }), { running: null }, 'one that is not loaded is not asked about')
  const both = router.replace('"value":"unloaded"', '"value":"loaded"')
  const more = busy.replace('requests_deferred 0', 'requests_deferred 3')
  t.match(ask({ '/v1/models': both, [path('tiny-a')]: more, [path('tiny-b')]: busy }), { running: 4, waiting: 3 })
  for (const [word, flags] of [
    ['loading', { loaded: false, loading: true, sleeping: false }],
    ['downloading', { loaded: false, loading: true, sleeping: false }],
    ['sleeping', { loaded: false, loading: false, sleeping: true }],
    ['failed', { loaded: false, loading: false, sleeping: false }],
    ['dancing', { loaded: null, loading: null, sleeping: null }],
  ] as const)
    t.match(
      ask({ '/v1/models': router.replace('"value":"loaded"', `"value":"${word}"`) })?.models?.get('tiny-b'),
      flags,
    )
})

t.test('Ollama as it was recorded', { skip: noSamples }, async (t) => {
  const version = await text('ollama/version.txt')
  for (const name of ['ps-loaded', 'ps-forever', 'ps-after-v1-keep-alive', 'ps-after-native-keep-alive']) {
    const reading = told('ollama', { '/api/ps': await text(`ollama/${name}.txt`), '/api/version': version })
    t.match(reading, { at: null, modelsAt: 1_000, running: null, kv: null, slots: null, version: '0.34.4' }, name)
    t.match(
      reading?.models,
      new Map([
        ['tiny:latest', { loaded: true, context: 2048, bytes: null }],
        ['think:latest', { loaded: true, context: 4096, bytes: null }],
      ]),
      `${name}: a size of zero is none`,
    )
    t.match(reading?.unnamed, { loaded: false, loading: false, context: null })
  }
  t.strictSame(
    [...told('ollama', { '/api/ps': await text('ollama/ps-while-busy.txt') })!.models!.keys()],
    ['slow:latest'],
  )
  t.strictSame([...told('ollama', { '/api/ps': await text('ollama/ps-before.txt') })!.models!.keys()], ['tiny:latest'])
  t.strictSame(
    [...told('ollama', { '/api/ps': await text('ollama/ps-after-unload.txt') })!.models!.keys()],
    ['think:latest'],
  )
})

/** Kind, what it answers, and what is known by that; metrics without their comments. */
const DESCRIBED: Readonly<Record<string, readonly [kind: string, answers: Answers, expected: object | null]>> = {
  'vLLM 0.6: old names, counters without _total, one engine': [
    'vllm',
    {
      '/metrics': `# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{model_name="m"} 3.0
vllm:num_requests_swapped{model_name="m"} 1.0
vllm:num_requests_waiting{model_name="m"} 2.0
vllm:gpu_cache_usage_perc{model_name="m"} 0.5
vllm:cpu_cache_usage_perc{model_name="m"} 0.9
vllm:gpu_prefix_cache_hit_rate{model_name="m"} 0.25
vllm:cache_config_info{block_size="16",num_gpu_blocks="1000",gpu_memory_utilization="0.9"} 1.0
vllm:time_per_output_token_seconds_sum{model_name="m"} 10.0
vllm:time_per_output_token_seconds_count{model_name="m"} 500.0
`,
    },
    {
      running: 3,
      waiting: 3,
      kv: 0.5,
      hitShare: 0.25,
      kvTokens: 16_000,
      tokenSeconds: 0.02,
      sleeping: null,
      version: null,
    },
  ],
  'vLLM 0.8: gpu_ counters': [
    'vllm',
    {
      '/metrics': `vllm:num_requests_running{engine="0"} 0
vllm:gpu_prefix_cache_queries{engine="0"} 1.0e+03
vllm:gpu_prefix_cache_hits{engine="0"} 2.5e+02
vllm:gpu_cache_usage_perc{engine="0"} 1.0
`,
    },
    { running: 0, waiting: null, hitShare: 0.25, kv: 1 },
  ],
  'vLLM 0.8: the same counters with _total': [
    'vllm',
    { '/metrics': 'vllm:gpu_prefix_cache_queries_total 10\nvllm:gpu_prefix_cache_hits_total 4\n' },
    { hitShare: 0.4, running: null },
  ],
  'vLLM between the names: the new one counts': [
    'vllm',
    {
      '/metrics': `vllm:gpu_cache_usage_perc{engine="0"} 0.9
vllm:kv_cache_usage_perc{engine="0"} 0.1
vllm:gpu_prefix_cache_queries_total 10
vllm:gpu_prefix_cache_hits_total 9
vllm:prefix_cache_queries_total 100
vllm:prefix_cache_hits_total 10
`,
    },
    { kv: 0.1, hitShare: 0.1 },
  ],
  'vLLM with several engines: requests are added up, of their memory the fullest counts': [
    'vllm',
    {
      '/metrics': `vllm:num_requests_running{engine="0",model_name="m"} 4.0
vllm:num_requests_running{engine="1",model_name="m"} 2.0
vllm:num_requests_running{engine="2",model_name="m"} 0.0
vllm:num_requests_waiting{engine="0",model_name="m"} 7.0
vllm:num_requests_waiting{engine="1",model_name="m"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.95
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.05
vllm:cache_config_info{engine="0",block_size="16",num_gpu_blocks="100"} 1.0
vllm:cache_config_info{engine="1",block_size="16",num_gpu_blocks="50"} 1.0
vllm:prefix_cache_queries_total{engine="0"} 30
vllm:prefix_cache_queries_total{engine="1"} 70
vllm:prefix_cache_hits_total{engine="0"} 30
vllm:prefix_cache_hits_total{engine="1"} 20
`,
    },
    { running: 6, waiting: 7, kv: 0.95, kvTokens: 2_400, hitShare: 0.5 },
  ],
  'vLLM asleep': [
    'vllm',
    {
      '/metrics': `vllm:num_requests_running{engine="0"} 0
vllm:engine_sleep_state{engine="0",sleep_state="awake"} 0.0
vllm:engine_sleep_state{engine="0",sleep_state="weights_offloaded"} 1.0
vllm:engine_sleep_state{engine="0",sleep_state="discard_all"} 0.0
`,
    },
    { sleeping: true, running: 0 },
  ],
  'vLLM: numbers that are none are unknown': [
    'vllm',
    {
      '/metrics': `vllm:num_requests_running NaN
vllm:num_requests_waiting -1
vllm:kv_cache_usage_perc 45.2
vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1.0
vllm:prefix_cache_queries_total 0
vllm:prefix_cache_hits_total 0
process_start_time_seconds 1.79e9
`,
    },
    { running: null, waiting: null, foreign: null, kv: null, kvTokens: null, hitShare: null },
  ],
  'vLLM: an embedding model has no cache': [
    'vllm',
    { '/metrics': 'vllm:num_requests_running{engine="0"} 1.0\nvllm:num_requests_waiting{engine="0"} 0.0\n' },
    { running: 1, waiting: 0, kv: null, kvTokens: null, hitShare: null, sleeping: null },
  ],
  'a page of a proxy is no metrics': ['vllm', { '/metrics': '<html>login</html>\n', '/load': '<html></html>' }, null],
  'nor is an answer cut off in its last line': ['vllm', { '/metrics': 'vllm:num_requests_running 12' }, null],
  'nor JSON of somebody else': ['vllm', { '/load': { load: 3 }, '/version': { version: 3 } }, null],
  'nor JSON that is cut': ['vllm', { '/load': '{"server_load":' }, null],
  'llama.cpp, an old build': [
    'llamacpp',
    {
      '/props': { total_slots: 1, default_generation_settings: { n_ctx: 4096 } },
      '/metrics': `llamacpp:prompt_tokens_total 100
llamacpp:prompt_seconds_total 0.5
llamacpp:kv_cache_usage_ratio 0.125
llamacpp:kv_cache_tokens 512
llamacpp:requests_processing 1
llamacpp:requests_deferred 2
`,
    },
    {
      running: 1,
      waiting: 2,
      kv: 0.125,
      slots: 1,
      context: 4096,
      sleeping: null,
      hitShare: null,
      prefillRate: 200,
      version: null,
    },
  ],
  'llama.cpp that has just begun divides by zero': [
    'llamacpp',
    {
      '/metrics': `llamacpp:prompt_tokens_total 1
llamacpp:prompt_seconds_total 0
llamacpp:prompt_tokens_seconds inf
llamacpp:requests_processing 0
`,
    },
    { running: 0, prefillRate: null },
  ],
  'Ollama with nothing loaded': [
    'ollama',
    { '/api/ps': { models: [] } },
    { models: new Map(), unnamed: { loaded: false } },
  ],
  'Ollama with nothing loaded, as Go writes it': ['ollama', { '/api/ps': { models: null } }, { models: new Map() }],
  'Ollama before it told the context': [
    'ollama',
    { '/api/ps': { models: [{ name: 'a:7b', model: 'a:7b', size: 5_137_025_024, size_vram: 5_137_025_024 }] } },
    { models: new Map([['a:7b', { loaded: true, context: null, bytes: 5_137_025_024 }]]), version: null },
  ],
  'not an Ollama': ['ollama', { '/api/ps': { models: [{ pid: 1 }] }, '/api/version': [] }, null],
  'SGLang with metrics': [
    'sglang',
    {
      '/metrics': `sglang:num_running_reqs{model_name="m",engine_type="unified",tp_rank="0"} 5.0
sglang:num_queue_reqs{model_name="m",engine_type="unified",tp_rank="0"} 2.0
sglang:token_usage{model_name="m"} 0.28
sglang:cache_hit_rate{model_name="m"} 0.0
sglang:prompt_tokens_total{model_name="m"} 8.0e+06
sglang:cached_tokens_total{model_name="m",cache_source="device"} 1.5e+06
sglang:cached_tokens_total{model_name="m",cache_source="host"} 0.5e+06
sglang:inter_token_latency_seconds_sum{model_name="m"} 30
sglang:inter_token_latency_seconds_count{model_name="m"} 3000
`,
      '/get_load': [{ dp_rank: 0, num_reqs: 99, num_waiting_reqs: 99, num_tokens: 1 }],
      '/get_server_info': {
        model_path: 'm',
        context_length: 32_768,
        max_total_num_tokens: 400_000,
        max_running_requests: 128,
        api_key: 'sk-secret',
        version: '0.5.6',
      },
    },
    {
      running: 5,
      waiting: 2,
      kv: 0.28,
      hitShare: 0.25,
      tokenSeconds: 0.01,
      kvTokens: 400_000,
      slots: 128,
      context: 32_768,
      version: '0.5.6',
    },
  ],
  'SGLang in two replicas of two ranks, all of which tell': [
    'sglang',
    {
      '/metrics': `sglang:num_running_reqs{model_name="m",tp_rank="0",pp_rank="0",dp_rank="0"} 5
sglang:num_running_reqs{model_name="m",tp_rank="1",pp_rank="0",dp_rank="0"} 4
sglang:num_running_reqs{model_name="m",tp_rank="2",pp_rank="0",dp_rank="1"} 7
sglang:num_running_reqs{dp_rank="1",model_name="m",pp_rank="0",tp_rank="3"} 7
sglang:num_queue_reqs{model_name="m",tp_rank="0",pp_rank="0",dp_rank="0"} 2
sglang:num_queue_reqs{model_name="m",tp_rank="1",pp_rank="0",dp_rank="0"} 2
`,
    },
    { running: 12, waiting: 2 },
  ],
  'SGLang, older: a rate of hits, no metrics of tokens': [
    'sglang',
    {
      '/metrics': `sglang:num_running_reqs{model_name="m"} 1
sglang:num_queue_reqs{model_name="m"} 0
sglang:cache_hit_rate{model_name="m"} 0.5
sglang:time_per_output_token_seconds_sum{model_name="m"} 2
sglang:time_per_output_token_seconds_count{model_name="m"} 100
`,
    },
    { running: 1, waiting: 0, hitShare: 0.5, tokenSeconds: 0.02, kv: null, slots: null },
  ],
  'SGLang without metrics, in two parts, under newer names': [
    'sglang',
    {
      '/get_load': [
        { dp_rank: 0, num_reqs: 3, num_waiting_reqs: 1, num_tokens: 900 },
        { dp_rank: 1, num_reqs: 4, num_waiting_reqs: 0, num_tokens: 100 },
      ],
      '/server_info': { context_length: null, max_total_num_tokens: 1000, max_running_requests: 8 },
    },
    { running: 6, waiting: 1, kv: null, kvTokens: 1000, slots: 8, context: null },
  ],
  'SGLang whose load is one number is not understood': ['sglang', { '/get_load': { load: 3 } }, null],
  'LM Studio 0.4': [
    'lmstudio',
    {
      '/api/v1/models': {
        models: [
          {
            type: 'llm',
            key: 'qwen/qwen3-8b',
            size_bytes: 4_620_000_000,
            max_context_length: 131_072,
            loaded_instances: [{ id: 'qwen/qwen3-8b', config: { context_length: 8192, parallel: 4 } }],
          },
          { type: 'llm', key: 'cold', size_bytes: 1000, max_context_length: 4096, loaded_instances: [] },
        ],
      },
      '/api/v0/models': { data: [{ id: 'other', state: 'loaded' }] },
    },
    {
      running: null,
      models: new Map([
        ['qwen/qwen3-8b', { loaded: true, loading: false, context: 8192, slots: 4, bytes: 4_620_000_000 }],
        ['cold', { loaded: false, loading: false, context: null, slots: null, bytes: 1000 }],
      ]),
      unnamed: { loaded: null },
    },
  ],
  'LM Studio, older': [
    'lmstudio',
    {
      '/api/v0/models': {
        object: 'list',
        data: [
          { id: 'a', state: 'loaded', loaded_context_length: 4096, max_context_length: 32_768 },
          { id: 'b', state: 'not-loaded', max_context_length: 32_768 },
          { id: 'c', state: 'loading' },
          { id: 'd' },
        ],
      },
    },
    {
      models: new Map<string, object>([
        ['a', { loaded: true, context: 4096 }],
        ['b', { loaded: false, loading: false, context: null }],
        ['c', { loaded: false, loading: true }],
        ['d', { loaded: null, loading: null }],
      ]),
    },
  ],
  'llama-swap': [
    'llama-swap',
    {
      '/running': {
        running: [
          {
            model: 'a',
            state: 'ready',
            cmd: 'llama-server --api-key sk-secret',
            proxy: 'http://localhost:5800',
            ttl: 300,
          },
          { model: 'b', state: 'starting' },
          { model: 'c', state: 'stopping' },
        ],
      },
    },
    {
      at: null,
      models: new Map([
        ['a', { loaded: true, loading: false }],
        ['b', { loaded: false, loading: true }],
        ['c', { loaded: false, loading: false }],
      ]),
      unnamed: { loaded: false, loading: false },
    },
  ],
  'llama-swap with nothing running': [
    'llama-swap',
    { '/running': { running: [] } },
    { models: new Map(), unnamed: { loaded: false } },
  ],
  TGI: [
    'tgi',
    {
      '/info': {
        model_id: 'HuggingFaceH4/zephyr-7b-beta',
        max_concurrent_requests: 128,
        max_input_tokens: 4095,
        max_total_tokens: 4096,
        version: '3.3.5',
      },
      '/metrics': `tgi_queue_size 5
tgi_batch_current_size 8
tgi_batch_current_max_tokens 2048
tgi_request_mean_time_per_token_duration_sum 6
tgi_request_mean_time_per_token_duration_count 200
`,
    },
    {
      running: 8,
      waiting: 5,
      most: 128,
      context: 4096,
      tokenSeconds: 0.03,
      version: '3.3.5',
      kv: null,
      models: new Map([['HuggingFaceH4/zephyr-7b-beta', { loaded: true, context: 4096 }]]),
    },
  ],
  'TGI, older': [
    'tgi',
    { '/info': { model_id: 'm', max_input_length: 1024, max_total_tokens: 2048, max_concurrent_requests: 128 } },
    { context: 2048, most: 128, running: null, version: null },
  ],
}

for (const [name, [kind, answers, expected]] of Object.entries(DESCRIBED))
  t.test(name, async (t) => {
    const reading = told(kind, answers)
    if (expected === null) t.equal(reading, null)
    else t.match(reading, expected)
    t.notMatch(JSON.stringify([reading, ...(reading?.models ?? [])]), /sk-secret/)
  })

t.test('an engine tells of its last seconds, not of all its life', async (t) => {
  const at = (hits: number, queries: number): Answers => ({
    '/metrics': `vllm:prefix_cache_hits_total ${hits}\nvllm:prefix_cache_queries_total ${queries}\nprocess_start_time_seconds 1000\n`,
  })
  const engine = new Engine('vllm')
  t.equal(engine.asked(at(100, 1000))?.hitShare, 0.1)
  t.equal(engine.asked(at(190, 1100))?.hitShare, 0.9)
  t.equal(engine.asked(at(190, 1100))?.hitShare, 0.9, 'nothing was asked since')
  t.equal(engine.asked(at(190, 1200))?.hitShare, 0)
})

t.test('a new start is seen by its time, or by a counter that fell', async (t) => {
  const at = (started: string, queries: number): Answers => ({
    '/metrics': `vllm:prefix_cache_hits_total 0\nvllm:prefix_cache_queries_total ${queries}\n${started}`,
  })
  const engine = new Engine('vllm')
  const starts = (answers: Answers): number => engine.asked(answers)!.restarts
  t.equal(starts(at('process_start_time_seconds 1000\n', 5)), 0)
  t.equal(starts(at('process_start_time_seconds 1000.4\n', 9)), 0, 'its clock is put right')
  t.equal(starts(at('process_start_time_seconds 1100\n', 20)), 1)
  t.equal(starts(at('', 30)), 1)
  t.equal(starts(at('', 10)), 2)
})

t.test('what is of a moment is forgotten where it is not told again', async (t) => {
  const engine = new Engine('llamacpp')
  t.match(engine.asked({ '/props': { total_slots: 4 }, '/metrics': 'llamacpp:requests_processing 2\n' }), {
    at: 1000,
    running: 2,
    slots: 4,
  })
  t.match(engine.asked({}), { at: 1000, running: null, foreign: null, waiting: null, slots: 4 })
})

t.test('an answer with as many series as its bounds allow is read like any other', async (t) => {
  const series = 'vllm:kv_cache_usage_perc 0.25\n'
  const text = series.repeat(Math.floor((4 * 1024 * 1024) / series.length))
  t.equal(told('vllm', { '/metrics': `vllm:num_requests_running 3\n${text}` })?.kv, 0.25)
})
