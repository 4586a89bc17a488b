/** The table of recipes: at most one for each project. */
import type { RecipeStore } from "../store.ts";
import { requireProject, type SqlContext, toJson } from "./context.ts";

export function sqlRecipes({ db }: SqlContext): RecipeStore {
  return {
    get: async (project) => {
      const row = await db
        .selectFrom("recipes")
        .select("recipe")
        .where("project", "=", project)
        .executeTakeFirst();
      return row && JSON.parse(row.recipe);
    },
    put: (project, recipe) =>
      db.transaction().execute(async (transaction) => {
        await requireProject(transaction, project);
        const row = { project, recipe: toJson(recipe) };
        await transaction
          .insertInto("recipes")
          .values(row)
          .onConflict((conflict) => conflict.column("project").doUpdateSet({ recipe: row.recipe }))
          .execute();
      }),
    delete: async (project) => {
      await db.deleteFrom("recipes").where("project", "=", project).execute();
    },
  };
}
