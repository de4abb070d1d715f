/** Who serves or made a model, as Bedrock writes it before the name: `us.anthropic.claude-..`, `meta.llama3-1-8b-..`. */
const MAKER =
  /^(?:(?:us|us-gov|eu|apac|jp|au|ca|global)\.)?(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|writer|zai)\.(?=[a-z])/

/**
 * The part of a model's name that tells its family: lower case, without the folders of a vendor or a hub, with '-' where
 * others write ':', '_' or a space. `meta-llama/Llama-3.1-8B-Instruct` and `llama3.1:8b` differ by a '-' after that.
 */
export function plainName(model: string): string {
  const fineTuned = model.startsWith('ft:') ? model.split(':')[1]! : model
  return fineTuned
    .slice(fineTuned.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[:_ @]+/g, '-')
    .replace(MAKER, '')
}
