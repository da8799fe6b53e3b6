import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';

/** One person, bot, guest or sender of imported history. The stream's `head` is moved by SQL, never through the model. */
export class UserRow extends Model<InferAttributes<UserRow>, InferCreationAttributes<UserRow>> {
  declare id: string;
  declare kind: PersonKind;
  declare status: CreationOptional<PersonStatus>;
  declare name: string;
  declare email: CreationOptional<string | null>;
  declare title: CreationOptional<string | null>;
  declare locale: CreationOptional<string>;
  declare departmentId: CreationOptional<string | null>;
  declare sourceKey: CreationOptional<string | null>;
  declare suspendedAt: CreationOptional<Date | null>;
  declare invitedAt: CreationOptional<Date | null>;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

export function defineUsers(sequelize: Sequelize): void {
  UserRow.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true },
      kind: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'active' },
      name: { type: DataTypes.TEXT, allowNull: false },
      email: DataTypes.TEXT,
      title: DataTypes.TEXT,
      locale: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'en' },
      departmentId: DataTypes.UUID,
      sourceKey: DataTypes.TEXT,
      suspendedAt: DataTypes.DATE,
      invitedAt: DataTypes.DATE,
      createdAt: DataTypes.DATE,
      updatedAt: DataTypes.DATE,
    },
    { sequelize, tableName: 'users', timestamps: true },
  );
}
