import { getOrganization } from '../api/organizations'
import { Failure } from '../components/notice'
import { UsagePicture } from '../components/usage-picture'
import { useLoad } from '../hooks/use-load'
import type { Member } from '../session/session'

const everyMs = 30_000

/** What the organization stores, and may store. */
export function UsageView({ member }: { member: Member }) {
  const { value, error, reload } = useLoad(
    () => getOrganization(member.key, member.organizationId),
    [member],
    everyMs,
  )
  return (
    <section class="list">
      <Failure error={error} retry={reload} />
      {value && (
        <>
          <h2>Storage of {value.name}</h2>
          <UsagePicture organization={value} />
        </>
      )}
    </section>
  )
}
