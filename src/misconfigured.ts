import { writeLog } from './log'

/**
 * The answer of a Worker whose configuration is wrong. The log says what is wrong; the client learns only that the request
 * was not the cause.
 */
export function answerMisconfigured(cause: unknown): Response {
  writeLog({ event: 'not_started', cause })
  return Response.json(
    { error: true, message: 'The gateway is not configured correctly; its log says what is wrong.' },
    { status: 500, headers: { 'cache-control': 'no-store' } },
  )
}
