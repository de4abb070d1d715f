/** How to set up each agent: the lines that `turnout connect` prints, for a gateway on this machine that asks for keys. */
import { AGENTS } from '../../src/cli/agents.ts'
import { PROBES } from '../../src/formats/probes.ts'

const AIM = { url: 'http://127.0.0.1:7070', keyed: true, model: null }

export const agentSetups = (): string =>
  AGENTS.map(({ name, api, file, lines, note }) => {
    const place = file === null ? 'In a shell' : `In \`${file}\``
    const speaks = `It speaks ${PROBES[api].api} (\`${PROBES[api].path(AGENTS_MODEL, true).replace(/\?.*/, '')}\`).`
    return `### ${name}\n\n${place}:\n\n\`\`\`\n${lines(AIM)}\n\`\`\`\n\n${speaks} ${note}\n`
  }).join('\n')

/** In the paths of APIs that have the model there. */
const AGENTS_MODEL = 'MODEL'
