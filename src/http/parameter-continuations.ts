/** More parts than any name needs. */
const partsMax = 100

/**
 * Joins those `parameters` of a header that are written in parts (RFC 2231, section 3), as Python's `email` writes long
 * names: `filename*0="quarterly "; filename*1="report.csv"`. If some parts are percent-encoded (`filename*0*=UTF-8''…`),
 * they make a `filename*`, and the parts that are not are encoded for it.
 */
export function withContinuations(parameters: Map<string, string>): Map<string, string> {
  const whole = new Map(parameters)
  for (const [key] of parameters) {
    const name = /^(.+)\*0\*?$/.exec(key)?.[1]
    if (name === undefined) continue
    const isEncoded = parameters.has(`${name}*0*`)
    const target = isEncoded ? `${name}*` : name
    if (!whole.has(target)) whole.set(target, joinedParts(parameters, name, isEncoded))
  }
  return whole
}

function joinedParts(parameters: Map<string, string>, name: string, isEncoded: boolean): string {
  let text = ''
  for (let part = 0; part < partsMax; part++) {
    const encoded = parameters.get(`${name}*${part}*`)
    const plain = parameters.get(`${name}*${part}`)
    if (encoded === undefined && plain === undefined) break
    text += encoded ?? (isEncoded ? plain?.replaceAll('%', '%25') : plain)
  }
  return text
}
