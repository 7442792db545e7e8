import { searchQuery } from '@faultline/contracts/catalog';
import { getMe } from '@faultline/contracts/profiles';
import type { Memory } from '../memory.ts';
import { categories, search } from '../search.ts';
import type { PageHandler } from '../shell.ts';
import { homeView } from '../views/home.ts';

const newestFirst = searchQuery.parse({ sort: 'newest', limit: 8 });

/** The first page: what there is, and what is new. */
export function home({ memory }: { memory: Memory }): PageHandler<'home'> {
  return async (visit) => {
    const [known = [], newest, me] = await Promise.all([
      categories(visit, memory),
      search(visit, newestFirst, memory),
      visit.principal ? visit.want('profiles', getMe, {}) : undefined,
    ]);
    return {
      title: 'Faultline',
      body: homeView({ name: me?.body.name, categories: known, newest }),
    };
  };
}
