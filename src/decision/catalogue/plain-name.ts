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
}
