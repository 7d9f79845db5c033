# Sets of small resources: a kind that needs nothing outside, so that only Plumb itself is measured. Titles are left to the API.
import os
import shutil

DOCUMENTS_IN_A_FILE = 1000
KIND = "Project"


def tenants(path, names):
    with open(path, "w", encoding="utf-8") as file:
        for name in names:
            file.write(f"---\napiVersion: platform/v1\nkind: Tenant\nmetadata: {{name: {name}}}\nspec: {{title: Tenant {name}}}\n")


def name(number):
    return f"project-{number:06d}"


def write(folder, tenant, count, first=0):
    """`count` resources of `tenant` in files of a thousand; returns the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for start in range(first, first + count, DOCUMENTS_IN_A_FILE):
        with open(os.path.join(folder, f"projects-{start:06d}.yaml"), "w", encoding="utf-8") as file:
            for number in range(start, min(start + DOCUMENTS_IN_A_FILE, first + count)):
                file.write(
                    f"---\napiVersion: deploy/v1\nkind: {KIND}\nmetadata: {{tenant: {tenant}, name: {name(number)}}}\n"
                    f"spec: {{description: The project with the number {number} of a bench.}}\n")
    return folder


def sql(path, table, count, first=0):
    """The same rows as one INSERT with many VALUES."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"INSERT INTO {table} (tenant, uid, kind, name, spec, created) VALUES\n")
        for number in range(first, first + count):
            uid = f"00000000-0000-7000-8000-{number:012x}"
            spec = f'{{"name": "{name(number)}", "description": "The project with the number {number} of a bench."}}'
            end = ";\n" if number == first + count - 1 else ",\n"
            file.write(f"('00000000-0000-7000-8000-00000000beac', '{uid}', 7, '{name(number)}', '{spec}', now()){end}")
    return path
