// A family of the tests' own: small kinds and routes that use what the languages can say.

enum LabSpecs {
  static let family = """
    family: lab
    doc: A family of the tests.
    base: /lab
    auth:
      default: bearer
      bearer: {from: [bearer], accepts: [apiKey]}
      signed: {from: ["header:X-Signature"], accepts: [signature]}
    needs: {reads: [], writes: []}
    permissions: {admin: caller.role == 'admin'}
    envelope: {item: {data: "$data"}, list: {data: "$items", total: "$total"}}
    errors: {body: {code: "$code", error: "$message", errors: "$errors"}}
    page: {style: offset, limit: limit, offset: offset, size: 3, max: 10}
    verbs: {create: {status: 201}}
    """
  static let note = """
    kind: Note
    doc: Something written down.
    storage: data
    fields:
      title: {type: string, required: true, min: 1, max: 40, indexed: true}
      text: {type: string, max: 1000}
      stars: {type: integer, min: 0, max: 5, default: 0}
      pin: {type: string, secret: hash}
      about: {ref: Note, onDelete: clear}
    unique: [[title]]
    rules: [{when: self.stars == 5, require: "self.text != null", message: Five stars need a text., field: /stars}]
    """
  static let noteRest = """
    views: {Note: [id, title, text, stars]}
    routes:
      GET /notes: {id: lab.notes.list, verb: list, sort: title}
      POST /notes: {id: lab.notes.create, verb: create, body: [title, text, stars, pin]}
      "GET /notes/{id}": {id: lab.notes.get, verb: get}
      "POST /notes/{id}/echo":
        id: lab.notes.echo
        verb: handler
        handler: lab.echo
        args: {word: {type: string, required: true}, times: {type: integer, default: 1}}
        with: {both: args.word + ' ' + title, who: caller.actor}
        headers: {X-Word: args.word}
        reply: {title: title, said: result.with.both, times: result.args.times, who: result.with.who}
      "POST /notes/{id}/twice":
        id: lab.notes.twice
        verb: handler
        handler: lab.twice
        status: 201
        audit: note.copied
        view: Note
      POST /notes/pair: {id: lab.notes.pair, verb: handler, handler: lab.pair, body: [title, stars], view: Note}
      POST /notes/batch:
        id: lab.notes.batch
        verb: create
        args: {folder: {type: string}}
        each: {in: notes, most: 3}
        body: [title, text, stars]
        sets: {text: "has(item.text) ? item.text : 'in ' + string(args.folder)"}
        reply: {created: count, ids: "items.map(i, i.id)", folder: args.folder}
      PUT /notes/batch: {id: lab.notes.put, verb: create, each: {in: notes, most: 3}, exists: update, body: [title, stars], view: Note}
      PATCH /notes/batch: {id: lab.notes.patch, verb: update, each: {in: notes, id: note_id, most: 3}, body: [title, stars, text], view: Note}
      POST /notes/find:
        id: lab.notes.find
        verb: list
        args: {ids: {type: list, of: {type: string}, max: 10, required: true}}
        where: id in args.ids
        page: none
        sort: title
      POST /notes/praise:
        id: lab.notes.praise
        verb: update
        args: {ids: {type: list, of: {type: string}, max: 10, required: true}, least: {type: integer, default: 0}}
        where: id in args.ids && stars >= args.least
        many: 2
        sets: {stars: stars + 1}
        unless: [{when: stars == 4, status: 409, code: praised, message: Four stars are enough.}]
        reply: {count: count, notes: {items: Note}}
      DELETE /notes: {id: lab.notes.clear, verb: delete, where: stars == 0, many: 100, reply: {deleted: count}}
      POST /notes/pairs:
        id: lab.notes.pairs
        verb: query
        kind: none
        args: {title: {type: string, required: true}}
        do:
          - {kind: Note, as: first, create: {title: args.title}}
          - {kind: Note, as: second, create: {title: args.title + ' 2'}}
          - {kind: Note, where: title == 'old', delete: true}
        reply: {first: first.id, second: second.title}
      "PUT /notes/{id}": {id: lab.notes.replace, verb: replace, body: {title: {field: title, required: true}, text: text, stars: stars}, view: Note}
      "PUT /by-title/{title}":
        {id: lab.notes.upsert, verb: update, bind: {path.title: title}, absent: same, body: [text, stars], view: Note}
      "DELETE /by-title/{title}": {id: lab.notes.forget, verb: delete, bind: {path.title: title}, absent: same}
      "GET /by-title/{title}": {id: lab.notes.by-title, verb: get, bind: {path.title: title}, absent: "null"}
      "GET /default/{title}": {id: lab.notes.default, verb: get, bind: {path.title: title}, absent: defaults}
      "GET /notes/{id}/go":
        id: lab.notes.go
        verb: get
        status: 307
        redirect: "stars > 0 ? 'https://example.com/' + id : null"
        headers: {X-Stars: stars}
        view: Note
      "GET /notes/{id}/text": {id: lab.notes.text, verb: get, render: {type: "text/plain; charset=utf-8", body: "title + ': ' + text"}}
      GET /notes.csv:
        id: lab.notes.csv
        verb: list
        sort: title
        page: none
        render: {type: text/csv, body: "csv(['title', 'stars']) + items.map(i, csv([i.title, i.stars])).join('')"}
      "GET /notes/{id}/changes": {id: lab.notes.changes, verb: watch}
      GET /good/changes: {id: lab.good, verb: watch, where: stars > 2, filter: {title: title}, events: [note.created, note.updated], view: Note}
      GET /ranking:
        id: lab.ranking
        verb: list
        kind: none
        args: {least: {type: integer, default: 0}, word: {type: string}}
        sql: ranking.sql
        with: {least: args.least, word: "has(args.word) ? args.word : null"}
      GET /ranking/short:
        id: lab.ranking.short
        verb: list
        kind: none
        sql: ranking.sql
        with: {least: 0, word: null}
        view: {title: row.title, good: row.stars > 2}
      GET /ranking/reply:
        id: lab.ranking.reply
        verb: list
        kind: none
        sql: ranking.sql
        with: {least: 0, word: null}
        page: none
        reply: {best: "items.size() > 0 ? items[0].title : null", count: total}
      GET /sums: {id: lab.sums, verb: query, kind: none, sql: {file: sums.sql, row: true}, reply: {sums: result, by: caller.actor}}
      POST /named:
        id: lab.named
        verb: query
        kind: none
        args: {ids: {type: list, of: {type: string}, max: 10, default: "[]"}, titles: {type: list, of: {type: string}, max: 10, default: "[]"}}
        sql: named.sql
        with: {ids: args.ids, titles: args.titles}
      GET /slow: {id: lab.slow, verb: query, kind: none, sql: {file: slow.sql, row: true, timeout: 1s}}
      "GET /notes/{id}/tallies":
        id: lab.notes.tallies
        verb: get
        let: {amounts: {sql: of.sql, with: {note: uid}}, first: {sql: {file: of.sql, row: true}, with: {note: uid}}}
        reply: {title: title, amounts: "amounts.map(a, a.amount)", first: "first == null ? null : first.amount"}
      "GET /tallies/{note}": {id: lab.tallies, verb: query, kind: none, sql: of.sql, with: {note: path.note}}
      POST /hooks/lab: {id: lab.hook, verb: handler, handler: lab.signed, kind: none, auth: signed, needs: [], accept: raw}
      POST /forms:
        id: lab.form
        verb: handler
        handler: lab.echo
        kind: none
        accept: [json, form, multipart]
        maxBody: 4KB
        args: {name: {type: string, required: true}, count: {type: integer}, picture: {type: any}}
        reply: {name: result.args.name, count: result.args.count, files: result.files, picture: result.args.picture}
      "GET /open/{tenant}/echo":
        {id: lab.open, verb: handler, handler: lab.echo, kind: none, auth: none, needs: [], tenant: path.tenant, reply: {tenant: result.tenant}}
    """
  static let tally = """
    kind: Tally
    doc: Points that a note got; never changed.
    storage: record
    fields:
      note: {ref: Note, required: true, indexed: true}
      amount: {type: decimal}
    """
  static let ranking = """
    -- Notes with their points; the best first.
    SELECT n.id, n.title, n.stars, n."createdAt" AS created_at, coalesce(sum(t.amount), 0) AS amount, count(t.uid) AS tallies
    FROM "Note" n LEFT JOIN "Tally" t ON t.note = n.uid
    WHERE n.stars >= :least AND (:word::text IS NULL OR n.title LIKE '%' || :word || '%')
    GROUP BY n.id, n.title, n.stars, n."createdAt" ORDER BY n.stars DESC, n.title;
    """
  static let sums =
    "SELECT count(*) AS notes, sum(stars)::bigint AS stars, json_agg(title ORDER BY title) AS titles FROM \"Note\""
  static let of = "SELECT amount FROM \"Tally\" WHERE note = :note ORDER BY amount"
  static let slow = "SELECT count(*) AS n FROM generate_series(1, 1000000000) AS g(n)"
  static let files: [String: String] = [
    "lab/Tally/kind.yaml": tally, "lab/Note/ranking.sql": ranking, "lab/Note/sums.sql": sums, "lab/Note/of.sql": of,
    "lab/Note/slow.sql": slow,
    "lab/Note/named.sql": "SELECT title FROM \"Note\" WHERE uid = ANY(:ids) OR title = ANY(:titles) ORDER BY title",
    "lab/family.yaml": family, "lab/Note/kind.yaml": note, "lab/Note/rest.yaml": noteRest,
  ]
}
