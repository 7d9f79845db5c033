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
  static let files: [String: String] = [
    "lab/family.yaml": family, "lab/Note/kind.yaml": note, "lab/Note/rest.yaml": noteRest,
  ]
}
