import { ApiError, ask } from '../api/call'
import { memberOf, type Session } from './session'

/** Why a key does not open the console, for people. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused'
}

/**
 * The session that `text`, as it was pasted, opens. Throws `SignInRefused`, which says what is wrong with the key, and
 * `ApiError` if the gateway could not tell.
 */
export async function signIn(text: string): Promise<Session> {
  const key = text.trim().replace(/^Bearer +/i, '')
  if (key === '') refuse('Paste an API key, or the root key.')
  if (/\s/.test(key))
    refuse('A key has no blanks or line breaks. Copy it again, without what stands around it.')
  if (key.split('.').length === 3)
    refuse('This is a token of an identity provider. The console takes API keys and the root key.')
  const member = memberOf(key)
  if (member === null && key.startsWith('slip_'))
    refuse('This API key is not whole: some of it is missing or was changed. Copy it again.')
  if (member?.expiresAt && member.expiresAt <= Date.now())
    refuse(`This API key expired on ${new Date(member.expiresAt).toLocaleString()}. Make a new one.`)
  return member === null ? signInAsRoot(key) : signInAsMember(key, member)
}

async function signInAsMember(key: string, member: Session & { kind: 'member' }): Promise<Session> {
  try {
    await ask(key, 'GET', `/v1/organizations/${member.organizationId}`)
    return member
  } catch (error) {
    throw explained(error, {
      revoked: 'This API key was revoked. Make a new one, or ask for one.',
      expired: 'This API key has expired. Make a new one, or ask for one.',
      invalid: 'This gateway does not know this API key. Was it made by another gateway, or changed?',
    })
  }
}

/** The organization need not exist: only a key that is not the root key gets 401. */
async function signInAsRoot(key: string): Promise<Session> {
  try {
    await ask(key, 'GET', '/v1/organizations/demo')
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404))
      throw explained(error, {
        invalid:
          'This is neither an API key (slip_…) nor the root key of this gateway. Copy the whole key and try again.',
      })
  }
  return { kind: 'root', key }
}

/** What to throw for a 401, whose `detail` ends with one of the words of `sentences`. */
function explained(error: unknown, sentences: Record<string, string>): unknown {
  if (!(error instanceof ApiError) || error.status !== 401) return error
  const word = Object.keys(sentences).find((reason) => error.message.includes(reason))
  return new SignInRefused(word === undefined ? error.message : sentences[word])
}

function refuse(sentence: string): never {
  throw new SignInRefused(sentence)
}
