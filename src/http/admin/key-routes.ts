/** Keys: made, looked at, changed, given new secrets and revoked. A secret is in the answer that makes it and nowhere else. */
import type { KeyStore } from '../../keys/key-store.ts'
import type { AdminRoute } from './route.ts'

export const keyRoutes = (keys: KeyStore): AdminRoute[] => [
  {
    method: 'GET',
    path: '/admin/keys',
    event: null,
    answer: () => ({ keys: keys.list() }),
  },
  {
    method: 'POST',
    path: '/admin/keys',
    status: 201,
    event: 'key_created',
    answer: ({ body }) => keys.create(body),
  },
  {
    method: 'GET',
    path: '/admin/keys/:id',
    event: null,
    answer: ({ params }) => ({ key: keys.get(params['id'] ?? '') }),
  },
  {
    method: 'PATCH',
    path: '/admin/keys/:id',
    event: 'key_changed',
    answer: async ({ params, body }) => ({ key: await keys.change(params['id'] ?? '', body) }),
  },
  {
    method: 'POST',
    path: '/admin/keys/:id/rotate',
    event: 'key_rotated',
    answer: ({ params, body }) => keys.rotate(params['id'] ?? '', body),
  },
  {
    method: 'DELETE',
    path: '/admin/keys/:id',
    event: 'key_revoked',
    answer: async ({ params }) => ({ key: await keys.revoke(params['id'] ?? '') }),
  },
]
