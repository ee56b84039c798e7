/** Requests to the bare Worker. */
export const bareRequests = {
  presign: (index) => ({
    method: 'POST',
    path: '/presign',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ filename: `photo-${index}.jpg`, contentType: 'image/jpeg', size: 204_800 }),
  }),
  presignText: () => ({
    method: 'POST',
    path: '/presign',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ filename: 'a.txt', contentType: 'text/plain', size: 1024 }),
  }),
  of: (route, id = '') => ({ path: `/${route}/${id}` }),
  upload: (route, body) => ({
    method: 'POST',
    path: `/${route}`,
    headers: { 'content-type': 'text/plain' },
    body,
  }),
}
