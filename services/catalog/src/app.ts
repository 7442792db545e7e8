import { mount } from '@faultline/chassis/endpoint';
import * as contract from '@faultline/contracts/catalog';
import type { CatalogDeps } from './deps.ts';
import { archiveProduct } from './routes/archive-product.ts';
import { createProduct } from './routes/create-product.ts';
import { listAllProducts } from './routes/list-all-products.ts';
import { readAnyProduct } from './routes/read-any-product.ts';
import { listCategories } from './routes/list-categories.ts';
import { quoteProducts } from './routes/quote-products.ts';
import { readProduct } from './routes/read-product.ts';
import { searchProducts } from './routes/search-products.ts';
import { updateProduct } from './routes/update-product.ts';

/** The catalog's API on `router`. */
export function mountCatalog(router: Parameters<typeof mount>[0], deps: CatalogDeps): void {
  mount(router, contract.searchProducts, searchProducts(deps));
  mount(router, contract.listCategories, listCategories(deps));
  mount(router, contract.readProduct, readProduct(deps));
  mount(router, contract.quoteProducts, quoteProducts(deps));
  mount(router, contract.adminListProducts, listAllProducts(deps));
  mount(router, contract.adminReadProduct, readAnyProduct(deps));
  mount(router, contract.adminCreateProduct, createProduct(deps));
  mount(router, contract.adminUpdateProduct, updateProduct(deps));
  mount(router, contract.adminArchiveProduct, archiveProduct(deps));
}
