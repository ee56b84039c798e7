import { dropSession } from '../session/session'

/** What the gateway refused, or why it could not be asked. `message` is for people. `status` is 0 if no answer came. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly status: number,
    message: string,
    /** The fields of the request that are wrong, in the words of the API. */
    readonly fields: readonly { field: string; message: string }[] = [],
  ) {
    super(message)
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/**
 * Calls the gateway's API with `key` and returns the JSON of its answer; undefined where it has no body. Throws `ApiError`.
 * A key that does not work any more ends the session.
 */
export async function call<Answer>(
  key: string,
  method: Method,
  path: string,
  body?: unknown,
): Promise<Answer> {
  try {
    const answer = await ask(key, method, path, body)
    return (answer.status === 204 ? undefined : await answer.json()) as Answer
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) dropSession(key, error.message)
    throw error
  }
}

/** The answer to a request with `key`, if it is a success. Throws `ApiError`, and has no effect on the session. */
export async function ask(
  key: string,
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const answer = await fetch(path, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0, 'The gateway cannot be reached. Check your connection and try again.')
  })
  if (answer.ok) return answer
  throw await errorOf(answer)
}

type Refusal = {
  detail?: string
  message?: string
  errors?: ApiError['fields']
  details?: ApiError['fields']
}

/** The dialects say a failure as `detail` (RFC 9457) or as `message`. */
async function errorOf(answer: Response): Promise<ApiError> {
  const { detail, message, errors, details } = (await answer.json().catch(() => ({}))) as Refusal
  const sentence = detail ?? message ?? `The gateway answered ${answer.status}`
  return new ApiError(answer.status, sentenceOf(answer, sentence), errors ?? details ?? [])
}

function sentenceOf(answer: Response, sentence: string): string {
  if (answer.status === 429) {
    const seconds = answer.headers.get('Retry-After')
    return seconds === null ? sentence : `${sentence}. The gateway takes requests again in ${seconds} s.`
  }
  return sentence
}
