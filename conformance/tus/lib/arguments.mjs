import { parseArgs } from 'node:util'

export const usage = `npm run conformance:tus -- URL [options]

  URL                     where uploads are created, such as https://tus.example.com/files/
  --header 'Name: value'  sent with each request but preflights; may be repeated.
                          TUS_HEADERS has more of them, one a line
  --metadata VALUE        Upload-Metadata of each creation that has none of its own, where a server asks for some
  --download URL          where the bytes of a finished upload are, with {id} for the last segment of its URL;
                          by default they are read from the upload's own URL, if it can be read
  --origin ORIGIN         Origin of the requests that a web page would make (default https://app.example.com)
  --only PREFIX           only sections whose number begins so: 2.4, 3
  --wait SECONDS          the most that a case waits for an upload to expire (default 0: not tried)
  --timeout SECONDS       until an answer has to be there (default 15)
  --json FILE             also writes the rows into this file
  --strict                exits with 1 after any ✗, not only that of a MUST`

const options = {
  header: { type: 'string', multiple: true, default: [] },
  metadata: { type: 'string' },
  download: { type: 'string' },
  origin: { type: 'string', default: 'https://app.example.com' },
  only: { type: 'string', default: '' },
  wait: { type: 'string', default: '0' },
  timeout: { type: 'string', default: '15' },
  json: { type: 'string' },
  strict: { type: 'boolean', default: false },
}

/**
 * What was asked for on the command line. Throws an Error that says what is wrong with it.
 * @param {string[]} args
 * @param {Record<string, string | undefined>} environment
 */
export function parseArguments(args, environment) {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const [url, ...more] = positionals
  if (url === undefined || more.length > 0) throw new Error('one URL is needed')
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Error(`${url} is no http(s) URL`)
  const lines = (environment.TUS_HEADERS ?? '').split('\n').filter((line) => line.trim() !== '')
  return {
    settings: {
      url,
      headers: Object.fromEntries([...lines, ...values.header].map(headerFrom)),
      metadata: values.metadata ?? null,
      download: values.download ?? null,
      origin: values.origin,
      wait: secondsFrom(values.wait, '--wait'),
      timeout: secondsFrom(values.timeout, '--timeout') * 1000,
    },
    only: values.only,
    json: values.json ?? null,
    strict: values.strict,
  }
}

function headerFrom(line) {
  const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? []
  if (name === undefined) throw new Error(`"${line}" is no header: Name: value`)
  return [name, value]
}

function secondsFrom(text, flag) {
  const seconds = Number(text)
  if (!(seconds >= 0)) throw new Error(`${flag} needs a number of seconds`)
  return seconds
}
