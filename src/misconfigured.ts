import { writeLog } from './log'

/**
 * The answer of a Worker that cannot start: the log names what is wrong, the caller learns only that it is
 * not his fault.
 */
export function answerMisconfigured(cause: unknown): Response {
  writeLog({ event: 'not_started', cause })
  return Response.json(
    { error: true, message: 'The gateway is not configured correctly; its log says what is wrong.' },
    { status: 500, headers: { 'cache-control': 'no-store' } },
  )
}
